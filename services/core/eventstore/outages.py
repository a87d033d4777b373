"""What the database raises when it is not there, or not fit to work on: one list for services and workers.

All of it passes by itself, and none of it is the fault of what was asked for or read.
"""

from __future__ import annotations

import psycopg
from psycopg import errors

from services.core.errors import UnknownEventVersion

DATABASE_GONE = (psycopg.OperationalError, psycopg.InterfaceError)
"""A connection broke or was refused; a lock, the disk or the pool (whose errors are of these too) had no room."""

DATABASE_UNFIT = (
    errors.UndefinedTable,
    errors.UndefinedColumn,
    errors.UndefinedFunction,
    errors.InvalidSchemaName,
    errors.InsufficientPrivilege,
    errors.ReadOnlySqlTransaction,
    UnknownEventVersion,
)
"""It is being migrated or restored, stands by, or this code is older than what lies there."""

DATABASE_AWAY = (*DATABASE_GONE, *DATABASE_UNFIT)
"""Either: to be tried again later."""
