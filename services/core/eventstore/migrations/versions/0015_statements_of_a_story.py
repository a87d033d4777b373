"""Whether a story tells of where an actor stands already is found at once, however many others do."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE INDEX statements_story ON read.statements (story_id, dossier, actor, proposition)"
        " WHERE to_position IS NULL"
    )


def downgrade() -> None:
    op.execute("DROP INDEX read.statements_story")
