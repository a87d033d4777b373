"""The database and the broker: whether they answer, and whether they are as this release wants them."""

from __future__ import annotations

import datetime as dt
import platform
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import redis
from alembic.script import ScriptDirectory
from psycopg.rows import dict_row

from services.cli.backends import running
from services.cli.doctor.findings import Finding, fails, ok, warning
from services.cli.embedded import EmbeddedPostgres, EmbeddedValkey
from services.cli.embedded.account import account_for
from services.core.errors import EmbeddedServerError
from services.core.eventstore.migrate import alembic_config
from services.core.settings import Settings

OLDEST_POSTGRESQL = 17
CONNECTIONS_WANTED = 40  # of all processes together, at their settings' defaults
ANSWER_SECONDS = 5
CLOCK_WARNS, CLOCK_FAILS = 2.0, 300.0  # seconds apart

ABOUT = """
SELECT current_setting('server_version_num')::int / 10000 AS release, current_setting('server_version') AS version,
  current_setting('server_encoding') AS encoding, current_setting('max_connections')::int AS connections,
  pg_is_in_recovery() AS recovering, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  current_user AS role, to_regclass('public.alembic_version') IS NOT NULL AS migrated, clock_timestamp() AS now
"""
RIGHTS = """
SELECT has_table_privilege('events', 'SELECT') AND has_table_privilege('article_bodies', 'SELECT')
    AND has_table_privilege('article_bodies', 'INSERT') AS enough,
  has_table_privilege('events', 'UPDATE, DELETE, TRUNCATE') AS too_many
"""


def database(settings: Settings) -> Iterator[Finding]:
    """The database that is named, or that runs here; else whether the embedded one can be started."""
    found = running(settings)
    url = settings.database_url or (found.database_url if found else None)
    if url is None:
        yield _embedded_database(settings)
        return
    try:
        with psycopg.connect(
            url, autocommit=True, connect_timeout=ANSWER_SECONDS, row_factory=dict_row
        ) as conn:
            before = dt.datetime.now(dt.UTC)
            about = conn.execute(ABOUT).fetchone() or {}
            passed = dt.datetime.now(dt.UTC) - before
            yield from _as_wanted(conn, about, embedded=settings.database_url is None)
            yield _clock(before + passed / 2, about["now"])
    except psycopg.Error as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        yield fails("database", f"cannot be reached: {said}", "start it, or mend TREATYLINE_DATABASE_URL")
        return
    if settings.migrate_url is not None:
        yield _owner(settings.migrate_url)


def _embedded_database(settings: Settings) -> Finding:
    folder = settings.data_dir / "postgres"
    do = "run `make setup` again, or name a PostgreSQL of yours with TREATYLINE_DATABASE_URL"
    try:
        server = EmbeddedPostgres(folder)
        version = _version_of(server.bin / "postgres")
        if folder.exists():
            account_for(folder)
        kept = folder / "pgdata" / "PG_VERSION"
        release = kept.read_text(encoding="ascii").strip() if kept.exists() else None
    except (EmbeddedServerError, OSError, subprocess.SubprocessError) as error:
        return fails("database", f"the embedded PostgreSQL does not run: {error}", do)
    if release is not None and release != version.split(".")[0]:
        do = "restore a dump of it (docs/operations.md), or choose another folder with TREATYLINE_DATA_DIR"
        return fails("database", f"the data under {folder} are of PostgreSQL {release}, not {version}", do)
    state = "its data are there" if release else "it is made at the first start"
    return ok("database", f"embedded PostgreSQL {version}, not running; {state}")


def _version_of(program: Path) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=True)
    return next(
        (word for word in done.stdout.replace("=", " ").split() if word[:1].isdigit()), "of some version"
    )


def _as_wanted(
    conn: psycopg.Connection[dict[str, Any]], about: dict[str, Any], *, embedded: bool
) -> Iterator[Finding]:
    said = f"PostgreSQL {about['version'].split()[0]} as {about['role']}"
    if about["release"] < OLDEST_POSTGRESQL:
        yield fails("database", said, "PostgreSQL 17 or newer is wanted")
    elif about["encoding"] != "UTF8":
        yield fails("database", f"{said}, in {about['encoding']}", "create the database with ENCODING 'UTF8'")
    elif about["recovering"]:
        yield fails("database", f"{said}, which only reads", "name the primary server: this is a standby")
    elif about["connections"] < CONNECTIONS_WANTED:
        do = "raise max_connections, or lower TREATYLINE_DATABASE_POOL_SIZE"
        yield warning("database", f"{said}, {about['connections']} connections at most", do)
    else:
        yield ok("database", said)
    schema = _schema(conn, migrated=about["migrated"], embedded=embedded)
    yield schema
    if schema.do is None:
        yield _rights(conn, about)


def _schema(conn: psycopg.Connection[dict[str, Any]], *, migrated: bool, embedded: bool) -> Finding:
    """Whether the database has this release's schema."""
    migrate = "run `treatyline migrate` (as its owner: TREATYLINE_MIGRATE_URL)"
    if embedded:
        migrate = "stop `treatyline up` and start it again: it brings its own database up to date"
    if not migrated:
        return fails("schema", "the database is empty", migrate)
    script = ScriptDirectory.from_config(alembic_config())
    head = script.get_current_head()
    try:
        has = {row["version_num"] for row in conn.execute("SELECT version_num FROM alembic_version")}
    except psycopg.errors.InsufficientPrivilege:
        do = "name the services' role in TREATYLINE_DATABASE_URL: `treatyline migrate` gives it its rights"
        return fails("schema", "this role may not see it", do)
    if has == {head}:
        return ok("schema", f"up to date ({head})")
    known = {revision.revision for revision in script.walk_revisions()}
    if not has <= known:
        return fails("schema", "the database is newer than this release", "install the newer release")
    return fails("schema", f"at {', '.join(sorted(has)) or 'nothing'}, not at {head}", migrate)


def _rights(conn: psycopg.Connection[dict[str, Any]], about: dict[str, Any]) -> Finding:
    """The services read and append; that they cannot alter the log is what it is trusted for."""
    rights = conn.execute(RIGHTS).fetchone() or {}
    if not rights["enough"]:
        do = "run `treatyline migrate` as the owner: it gives the services' role its rights"
        return fails("rights", f"{about['role']} may not read and write what it must", do)
    if about["superuser"] or rights["too_many"]:
        do = "run the services as treatyline_services, and name the owner in TREATYLINE_MIGRATE_URL alone"
        return warning("rights", f"{about['role']} could alter the log", do)
    return ok("rights", f"{about['role']} can append to the log and not alter it")


def _clock(here: dt.datetime, there: dt.datetime) -> Finding:
    apart = abs((here - there).total_seconds())
    said = f"{apart:.1f} s apart from the database's" if apart >= 0.1 else "as the database's"
    do = "set both by a time server (NTP): the log's times are the database's"
    if apart >= CLOCK_FAILS:
        return fails("clock", said, do)
    return warning("clock", said, do) if apart >= CLOCK_WARNS else ok("clock", said)


def _owner(url: str) -> Finding:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=ANSWER_SECONDS) as conn:
            may = conn.execute("SELECT has_schema_privilege('public', 'CREATE')").fetchone()
    except psycopg.Error as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        return fails("owner", f"cannot log in: {said}", "mend TREATYLINE_MIGRATE_URL")
    if not may or not may[0]:
        return fails("owner", "may not create tables", "TREATYLINE_MIGRATE_URL wants the database's owner")
    return ok("owner", "can migrate")


def broker(settings: Settings) -> Iterator[Finding]:
    """The broker that is named, or that runs here; else whether the embedded one can be started."""
    found = running(settings)
    url = settings.redis_url or (found.redis_url if found else None)
    if url is None:
        yield _embedded_broker(settings)
        return
    do = "start it, or mend TREATYLINE_REDIS_URL; what was posted waits in the log meanwhile"
    try:
        with redis.Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS
        ) as client:
            client.ping()
            about: Any = client.info()
    except (redis.RedisError, ValueError, OSError) as error:
        yield fails("broker", f"cannot be reached: {type(error).__name__}: {error}", do)
        return
    name = f"{'Valkey' if 'valkey_version' in about else 'Redis'} {about.get('valkey_version') or about['redis_version']}"
    policy = about.get("maxmemory_policy", "noeviction")
    if about.get("maxmemory") and policy != "noeviction":
        do = "set maxmemory-policy to noeviction: what it forgets is sent again late"
        yield warning("broker", f"{name} forgets when it is full ({policy})", do)
    else:
        yield ok("broker", name)


def _embedded_broker(settings: Settings) -> Finding:
    try:
        version = _version_of(EmbeddedValkey(settings.data_dir / "valkey").binary)
    except (EmbeddedServerError, OSError, subprocess.SubprocessError) as error:
        do = "run `make setup` again, or name a Redis or Valkey of yours with TREATYLINE_REDIS_URL"
        return fails("broker", f"the embedded Valkey does not run on {platform.machine()}: {error}", do)
    return ok("broker", f"embedded Valkey {version}, not running")
