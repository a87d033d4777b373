"""An actor's entries are found by the month in which they begin, the newest stances of a cell in an index alone."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NEWEST = "ON read.statements (dossier, actor, proposition, date_to)"
_INCLUDED = "INCLUDE (stance, story_id, article_id, rejected)"


def upgrade() -> None:
    _wait_for_the_projector()
    op.execute(
        "CREATE INDEX entries_begun ON read.entries"
        " USING gin (actors, (ARRAY[date_trunc('month', date_from::timestamp)::date]))"
        " WITH (gin_pending_list_limit = 256) WHERE to_position IS NULL"
    )
    _exchange(f"{_NEWEST} {_INCLUDED}")


def downgrade() -> None:
    _wait_for_the_projector()
    _exchange(_NEWEST)
    op.execute("DROP INDEX read.entries_begun")


def _wait_for_the_projector() -> None:
    """It takes this row first in each of its transactions: so it waits here, before it holds any table."""
    op.execute("SELECT FROM checkpoints WHERE name = 'read-models' FOR UPDATE")


def _exchange(index: str) -> None:
    """Builds beside the old index, so that readers wait for no more than a change of names.

    While a dump holds the table, it fails instead of letting all readers queue behind it.
    """
    op.execute(f"CREATE INDEX statements_newest_next {index} WHERE to_position IS NULL")
    op.execute("SET LOCAL lock_timeout = '10s'")
    op.execute("DROP INDEX read.statements_newest")
    op.execute("ALTER INDEX read.statements_newest_next RENAME TO statements_newest")
    op.execute("SET LOCAL lock_timeout TO DEFAULT")
