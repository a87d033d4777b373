"""Brings a database to this code's schema, as its owner: roles, migrations, grants.

Alembic and SQLAlchemy are imported where there is something to migrate: to see that there is nothing takes neither.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UndefinedTable, UniqueViolation

from services.core.errors import DatabaseUnreachable, MigrationError
from services.core.eventstore import locks

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

SERVICES_ROLE = "treatyline_services"
SCHEMAS = ("public", "read")
READ_ONLY = ("events", "seals", "alembic_version")  # the log is written by its functions alone
FUNCTIONS = ("append_events", "seal_events")
VERSIONS = Path(__file__).parent / "migrations" / "versions"
_SCHEME = re.compile(r"^postgres(?:ql)?(?:\+\w+)?://")


def engine_for(url: str) -> Engine:
    """An engine without a pool on psycopg 3, whatever driver the URL names or leaves out."""
    from sqlalchemy import NullPool, create_engine  # noqa: PLC0415

    return create_engine(_SCHEME.sub("postgresql+psycopg://", url), poolclass=NullPool)


def migrate(url: str, services_password: str | None = None) -> None:
    """Upgrades the database at `url` (its owner's) to the newest schema; run again it changes nothing.

    The role `treatyline_services` is made where it is missing. With `services_password` it can log in; without,
    an administrator grants it to the login that the services use. Safe when several run at once. Raises
    DatabaseUnreachable, and MigrationError where the role is missing and the owner may not create it.
    """
    with _connect(url) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", [locks.MIGRATE])  # until the connection is closed
        _ensure_role(conn, services_password)
        if _revisions(conn) != {newest()}:
            _upgrade(url)
        _grant(conn)


def alembic_config() -> Config:
    """The configuration that the package itself carries."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "services.core.eventstore:migrations")
    config.set_main_option("path_separator", "os")
    return config


def newest() -> str:
    """The revision that this code wants: the last of its migrations, whose files are numbered by theirs."""
    return max(path.name.partition("_")[0] for path in VERSIONS.glob("[0-9]*_*.py"))


def is_current(url: str) -> bool:
    """Whether the database has this code's newest schema."""
    with _connect(url) as conn:
        return _revisions(conn) == {newest()}


def _connect(url: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(_SCHEME.sub("postgresql://", url), autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable.because(error) from None


def _revisions(conn: psycopg.Connection[Any]) -> set[str]:
    try:
        return {row[0] for row in conn.execute("SELECT version_num FROM alembic_version")}
    except UndefinedTable:
        return set()


def _upgrade(url: str) -> None:
    from alembic import command  # noqa: PLC0415

    config = alembic_config()
    with engine_for(url).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _ensure_role(conn: psycopg.Connection[Any], password: str | None) -> None:
    role = sql.Identifier(SERVICES_ROLE)
    found = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [SERVICES_ROLE]).fetchone()
    try:
        if found is None:
            # Roles belong to the whole server: another database's migration may be quicker.
            with suppress(DuplicateObject, UniqueViolation):
                conn.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
        if password is not None:
            conn.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, password))
    except InsufficientPrivilege as error:
        raise MigrationError(
            f"this database role may not create the role {SERVICES_ROLE}: have an administrator run "
            f'CREATE ROLE "{SERVICES_ROLE}" and grant it to the login that the services use'
        ) from error


def _grant(conn: psycopg.Connection[Any]) -> None:
    """What the services may do. Repeated at every run, so that a restored dump gets it too. One transaction."""
    role = sql.Identifier(SERVICES_ROLE)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), role) for schema in SCHEMAS
    ]
    tables = conn.execute(
        "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY (%s) AND tableowner = current_user",
        [list(SCHEMAS)],
    )
    for schema, table in tables:
        name = sql.Identifier(schema, table)
        statements.append(sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(name, role))
        rights = "SELECT" if table in READ_ONLY else "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
        statements.append(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), name, role))
    for function in FUNCTIONS:
        called = sql.Identifier("public", function)
        statements.append(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(called, role))
    statements.append(
        sql.SQL("GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}").format(role)
    )
    conn.execute(sql.SQL("; ").join(statements))
