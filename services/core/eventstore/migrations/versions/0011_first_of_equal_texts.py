"""The first article with a text is found without a look at the others that have it, however many those are."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("DROP INDEX fingerprints_text")
    op.execute("CREATE INDEX fingerprints_text ON fingerprints (text_sha256, ref)")


def downgrade() -> None:
    op.execute("DROP INDEX fingerprints_text")
    op.execute("CREATE INDEX fingerprints_text ON fingerprints (text_sha256)")
