"""The database comes up the same way however and however often it is migrated."""

from __future__ import annotations

import psycopg

from services.core.eventstore.migrate import is_current
from tests.conftest import Database


def test_the_services_log_in_with_their_own_role(database: Database) -> None:
    with psycopg.connect(database.services_url) as conn:
        assert conn.execute("SELECT current_user, current_database()").fetchone() == (
            "treatyline_services",
            database.name,
        )
    assert is_current(database.owner_url)
