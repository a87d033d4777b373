"""Articles under embargo, which wait here for their time."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE embargoed_articles (
    article_id UUID PRIMARY KEY,
    release_at TIMESTAMP WITH TIME ZONE NOT NULL,
    article JSON,
    size INTEGER NOT NULL,
    withdrawn_reason TEXT,
    held_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL
);
CREATE INDEX embargoed_articles_due ON embargoed_articles (release_at) WHERE article IS NOT NULL;
"""


def upgrade() -> None:
    op.execute(DDL)


def downgrade() -> None:
    op.execute("DROP TABLE embargoed_articles")
