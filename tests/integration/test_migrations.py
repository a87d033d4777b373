"""The database comes up the same way however often, and by however many at once, it is migrated."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlmodel import SQLModel

from services.cli.embedded import EmbeddedPostgres
from services.core.errors import MigrationError
from services.core.eventstore.migrate import SCHEMAS, alembic_config, engine_for, is_current, migrate
from tests.conftest import Database

pytestmark = pytest.mark.timeout(60)

PROJECT = Path(__file__).parents[2]


def schema(url: str) -> list[tuple[Any, ...]]:
    """Everything that a migration or a grant could change, in one list."""
    with psycopg.connect(url) as conn:
        return conn.execute(
            """
            SELECT table_name, column_name, data_type, is_nullable, column_default
              FROM information_schema.columns WHERE table_schema = ANY (%(schemas)s)
            UNION ALL SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes
                       WHERE schemaname = ANY (%(schemas)s)
            UNION ALL SELECT relname, tgname, tgenabled::text, '', '' FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
                       WHERE NOT tgisinternal
            UNION ALL SELECT proname, prosrc, proacl::text, '', '' FROM pg_proc
                       WHERE pronamespace = 'public'::regnamespace
            UNION ALL SELECT relname, relacl::text, '', '', '' FROM pg_class
                       WHERE relnamespace = ANY (%(schemas)s::regnamespace[])
            UNION ALL SELECT nspname, nspacl::text, '', '', '' FROM pg_namespace WHERE nspname = ANY (%(schemas)s)
            UNION ALL SELECT 'version', version_num, '', '', '' FROM alembic_version
            ORDER BY 1, 2, 3
            """,
            {"schemas": list(SCHEMAS)},
        ).fetchall()


def test_the_services_log_in_with_their_own_role(database: Database) -> None:
    with psycopg.connect(database.services_url) as conn:
        assert conn.execute("SELECT current_user, current_database()").fetchone() == (
            "treatyline_services",
            database.name,
        )
    assert is_current(database.owner_url)
    assert is_current(database.services_url)


def test_again_changes_nothing(database: Database, postgres: EmbeddedPostgres) -> None:
    before = schema(database.owner_url)
    migrate(database.owner_url, postgres.services_password)
    migrate(database.owner_url)
    assert schema(database.owner_url) == before


def test_two_at_once(empty_database: Database, database: Database, postgres: EmbeddedPostgres) -> None:
    assert not is_current(empty_database.owner_url)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            migrate(empty_database.owner_url, postgres.services_password)
        except BaseException as error:  # noqa: BLE001 - reported below
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert schema(empty_database.owner_url) == schema(database.owner_url)


def test_one_line_of_revisions() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    revisions = [script.revision for script in scripts.walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]


def test_the_table_classes_are_what_the_migrations_made(database: Database) -> None:
    modules = [*PROJECT.glob("services/**/tables.py"), *PROJECT.glob("workers/**/tables.py")]
    assert len(modules) >= 3
    for path in modules:
        importlib.import_module(".".join(path.relative_to(PROJECT).with_suffix("").parts))
    with engine_for(database.owner_url).connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_server_default": True,
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name in (None, *SCHEMAS),
            },
        )
        assert compare_metadata(context, SQLModel.metadata) == []


def test_an_owner_without_the_right_to_make_roles_is_told_what_to_do(tmp_path: Path) -> None:
    """As on many a managed server; once the role is there, all goes on."""
    with EmbeddedPostgres(tmp_path / "pg", durable=False) as server:
        with psycopg.connect(server.superuser_url, autocommit=True) as conn:
            conn.execute("ALTER ROLE treatyline NOCREATEROLE NOCREATEDB")
        with pytest.raises(MigrationError, match='CREATE ROLE "treatyline_services"'):
            migrate(server.url)
        with psycopg.connect(server.superuser_url, autocommit=True) as conn:
            conn.execute("CREATE ROLE treatyline_services")
        migrate(server.url.replace("postgresql://", "postgres://"))  # as some providers write it
        assert is_current(server.url)
        with psycopg.connect(server.superuser_url, autocommit=True) as conn:
            conn.execute(
                sql.SQL("ALTER ROLE treatyline_services LOGIN PASSWORD {}").format(server.services_password)
            )
        with psycopg.connect(server.services_url) as conn:
            assert conn.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_every_other_table_is_the_services_to_write(database: Database) -> None:
    with psycopg.connect(database.services_url) as conn:
        rights = conn.execute(
            """
            SELECT tablename, has_table_privilege(schemaname || '.' || tablename, 'SELECT'),
                   (SELECT array_agg(r ORDER BY r) FROM unnest('{DELETE,INSERT,TRUNCATE,UPDATE}'::text[]) r
                     WHERE has_table_privilege(schemaname || '.' || tablename, r))
              FROM pg_tables WHERE schemaname = ANY (%s)
            """,
            [list(SCHEMAS)],
        ).fetchall()
    assert {name for name, reads, _ in rights if not reads} == set()
    everything = ["DELETE", "INSERT", "TRUNCATE", "UPDATE"]
    assert {name for name, _, writes in rights if writes is None} == {"events", "seals", "alembic_version"}
    assert all(writes == everything for _, _, writes in rights if writes is not None)
