"""Feeds that are polled, the items seen in each, and what sites let robots do."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE feeds (
    id UUID PRIMARY KEY,
    url TEXT NOT NULL,
    title TEXT,
    outlet TEXT,
    every_seconds INTEGER NOT NULL,
    state TEXT NOT NULL,
    disabled_reason TEXT,
    etag TEXT,
    last_modified TEXT,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE,
    sent_at TIMESTAMP WITH TIME ZONE,
    failures INTEGER DEFAULT 0 NOT NULL,
    polled_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL
);
CREATE UNIQUE INDEX feeds_url ON feeds (url);
CREATE INDEX feeds_due ON feeds (due_at) WHERE state = 'active';

CREATE TABLE feed_items (
    feed_id UUID NOT NULL REFERENCES feeds (id) ON DELETE CASCADE,
    item BYTEA NOT NULL,
    digest BYTEA NOT NULL,
    outcome TEXT NOT NULL,
    article_id UUID,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (feed_id, item)
);

CREATE TABLE feed_robots (
    origin TEXT PRIMARY KEY,
    rules TEXT,
    until TIMESTAMP WITH TIME ZONE NOT NULL
);
"""


def upgrade() -> None:
    op.execute(DDL)


def downgrade() -> None:
    op.execute("DROP TABLE feed_robots, feed_items, feeds")
