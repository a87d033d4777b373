"""Brings a database to this code's schema, as its owner: roles, migrations, grants."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation
from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from services.core.errors import DatabaseUnreachable, MigrationError
from services.core.eventstore import locks

SERVICES_ROLE = "treatyline_services"
SCHEMAS = ("public", "read")
READ_ONLY = ("events", "seals", "alembic_version")  # the log is written by its functions alone
FUNCTIONS = ("append_events", "seal_events")


def engine_for(url: str) -> Engine:
    """An engine without a pool on psycopg 3, whatever driver the URL names or leaves out."""
    if url.startswith("postgres://"):
        url = "postgresql://" + url.removeprefix("postgres://")
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)


def migrate(url: str, services_password: str | None = None) -> None:
    """Upgrades the database at `url` (its owner's) to the newest schema; run again it changes nothing.

    The role `treatyline_services` is made where it is missing. With `services_password` it can log in; without,
    an administrator grants it to the login that the services use. Safe when several run at once. Raises
    DatabaseUnreachable, and MigrationError where the role is missing and the owner may not create it.
    """
    with _connect(url) as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": locks.MIGRATE})
        connection.commit()
        try:
            _ensure_role(connection, services_password)
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
            _grant(connection)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": locks.MIGRATE})
            connection.commit()


def _connect(url: str) -> Connection:
    try:
        return engine_for(url).connect()
    except OperationalError as error:
        raise DatabaseUnreachable.because(error.orig or error) from None


def alembic_config() -> Config:
    """The configuration that the package itself carries."""
    config = Config()
    config.set_main_option("script_location", "services.core.eventstore:migrations")
    config.set_main_option("path_separator", "os")
    return config


def is_current(url: str) -> bool:
    """Whether the database has this code's newest schema."""
    with engine_for(url).connect() as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    return set(heads) == set(ScriptDirectory.from_config(alembic_config()).get_heads())


def _ensure_role(connection: Connection, password: str | None) -> None:
    role = sql.Identifier(SERVICES_ROLE)
    found = connection.execute(
        text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": SERVICES_ROLE}
    ).first()
    try:
        if found is None:
            try:
                _execute(connection, sql.SQL("CREATE ROLE {} NOLOGIN").format(role))
            except DBAPIError as error:
                # Roles belong to the whole server: another database's migration was quicker.
                if not isinstance(error.orig, DuplicateObject | UniqueViolation):
                    raise
                connection.rollback()
        if password is not None:
            _execute(connection, sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, password))
        connection.commit()
    except DBAPIError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise MigrationError(
                f"this database role may not create the role {SERVICES_ROLE}: have an administrator run "
                f'CREATE ROLE "{SERVICES_ROLE}" and grant it to the login that the services use'
            ) from error
        raise


def _grant(connection: Connection) -> None:
    """What the services may do. Repeated at every run, so that a restored dump gets it too."""
    role = sql.Identifier(SERVICES_ROLE)
    for schema in SCHEMAS:
        _execute(connection, sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(schema), role))
    tables = connection.execute(
        text(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname = ANY(:schemas) AND tableowner = current_user"
        ),
        {"schemas": list(SCHEMAS)},
    )
    for schema, table in tables.all():
        name = sql.Identifier(schema, table)
        _execute(connection, sql.SQL("REVOKE ALL ON {} FROM PUBLIC, {}").format(name, role))
        rights = "SELECT" if table in READ_ONLY else "SELECT, INSERT, UPDATE, DELETE, TRUNCATE"
        _execute(connection, sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(rights), name, role))
    for function in FUNCTIONS:
        name = sql.Identifier("public", function)
        _execute(connection, sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(name, role))
    _execute(
        connection,
        sql.SQL("GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}").format(role),
    )


def _execute(connection: Connection, statement: sql.Composed) -> None:
    raw = connection.connection.driver_connection
    connection.exec_driver_sql(statement.as_string(raw).replace("%", "%%"))
