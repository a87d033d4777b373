"""An actor's entries are found by the month in which they begin, the newest stances of a cell in an index alone."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NEWEST = "CREATE INDEX statements_newest ON read.statements (dossier, actor, proposition, date_to)"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX entries_begun ON read.entries"
        " USING gin (actors, (ARRAY[date_trunc('month', date_from::timestamp)::date]))"
        " WITH (gin_pending_list_limit = 256) WHERE to_position IS NULL"
    )
    op.execute("DROP INDEX read.statements_newest")
    op.execute(f"{_NEWEST} INCLUDE (stance, story_id, article_id, rejected) WHERE to_position IS NULL")


def downgrade() -> None:
    op.execute("DROP INDEX read.statements_newest")
    op.execute(f"{_NEWEST} WHERE to_position IS NULL")
    op.execute("DROP INDEX read.entries_begun")
