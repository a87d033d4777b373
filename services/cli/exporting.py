"""`treatyline export`: the read tables as files for analysts, all of one moment.

The rows leave PostgreSQL through a server-side cursor into JSON Lines, and DuckDB makes Parquet of those: memory
does not grow with the tables. DuckDB is one wheel of 24 MB with nothing beneath it (pyarrow: 55 MB), and what the
files are asked with afterwards.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.rows import dict_row

from services.cli.backends import stored
from services.cli.export_tables import TABLES, Table
from services.core.errors import DatabaseUnreachable, TreatylineError
from services.core.projections.read_models import ReadModels
from services.core.settings import Settings

ROWS_AT_A_TIME = 2_000
CHECKPOINT = "SELECT global_position FROM checkpoints WHERE name = %s"


class Format(StrEnum):
    """What the files are."""

    PARQUET = "parquet"
    JSONL = "jsonl"


class CannotWrite(TreatylineError):  # noqa: N818 - named by what is wrong
    """The files cannot be written there."""


def write_files(settings: Settings, folder: Path, format_: Format) -> dict[str, Any]:
    """Write one file for each table into a folder; each appears whole, in place of what was there under its name.

    Gives the global position that they reflect, and how many rows each has. Raises NoData, CannotWrite,
    DatabaseUnreachable.
    """
    with stored(settings) as found, _snapshot(found) as conn:
        row = conn.execute(CHECKPOINT, (ReadModels.name,)).fetchone()
        position = row["global_position"] if row else 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as made:
                counts = {table.name: _write(conn, table, format_, Path(made), position) for table in TABLES}
                for table in TABLES:
                    name = f"{table.name}.{format_}"
                    (Path(made) / name).replace(folder / name)
        except OSError as error:
            raise CannotWrite(f"cannot write to {folder}: {error.strerror or error}") from None
    return {"position": position, "folder": str(folder), "rows": counts}


@contextmanager
def _snapshot(settings: Settings) -> Iterator[psycopg.Connection[dict[str, Any]]]:
    """A connection that sees one moment and only reads."""
    try:
        with psycopg.connect(settings.database_url or "", row_factory=dict_row) as conn:
            conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            conn.read_only = True
            yield conn
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable.because(error) from None


def _write(
    conn: psycopg.Connection[dict[str, Any]], table: Table, format_: Format, folder: Path, position: int
) -> int:
    lines = folder / f"{table.name}.jsonl"
    count = 0
    with conn.cursor(name="export") as cursor, lines.open("wb") as file:
        cursor.itersize = ROWS_AT_A_TIME
        for count, row in enumerate(cursor.execute(table.query), 1):  # noqa: B007
            file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
    if format_ is Format.PARQUET:
        _to_parquet(lines, folder / f"{table.name}.parquet", table, position)
        lines.unlink()
    return count


def _to_parquet(lines: Path, target: Path, table: Table, position: int) -> None:
    import duckdb  # noqa: PLC0415 - heavy

    # Nothing is fetched from anywhere: all that is needed is in the wheel.
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "threads": 2,
    }
    columns = ", ".join(f"{name}: '{type_}'" for name, type_ in table.columns.items())
    known = f"treatyline: {_quoted(version('treatyline'))}, position: '{position}'"
    with duckdb.connect(config=config) as base:
        base.execute(
            f"COPY (SELECT * FROM read_json({_quoted(str(lines))}, format = 'newline_delimited',"  # noqa: S608
            f" columns = {{{columns}}})) TO {_quoted(str(target))}"
            f" (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{known}}})"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
