"""Whether a story tells of an entry already is found at once, however many others do."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX mentions_story ON read.mentions (entry_id, story_id) WHERE to_position IS NULL")


def downgrade() -> None:
    op.execute("DROP INDEX read.mentions_story")
