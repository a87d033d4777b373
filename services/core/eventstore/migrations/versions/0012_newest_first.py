"""What lists show of an entry or a cell is found at the head of an index, however much else is told of it."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX mentions_first ON read.mentions"
        " (entry_id, is_copy, published_on, published_at, article_id, id) WHERE to_position IS NULL"
    )
    op.execute(
        "CREATE INDEX statements_newest ON read.statements (dossier, actor, proposition, date_to)"
        " WHERE to_position IS NULL"
    )
    op.execute(
        "CREATE INDEX standings_now ON read.standings (dossier, actor, proposition) WHERE to_position IS NULL"
    )


def downgrade() -> None:
    for name in ("mentions_first", "statements_newest", "standings_now"):
        op.execute(f"DROP INDEX read.{name}")
