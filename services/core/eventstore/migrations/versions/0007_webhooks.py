"""Webhooks, and what was sent to each."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE webhooks (
    id UUID PRIMARY KEY,
    url TEXT NOT NULL,
    description TEXT,
    filter JSON NOT NULL,
    types TEXT[] NOT NULL,
    state TEXT NOT NULL,
    disabled_reason TEXT,
    secret BYTEA NOT NULL,
    previous_secret BYTEA,
    previous_until TIMESTAMP WITH TIME ZONE,
    position BIGINT NOT NULL,
    number INTEGER NOT NULL,
    failures INTEGER DEFAULT 0 NOT NULL,
    failing_since TIMESTAMP WITH TIME ZONE,
    resume_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    key_id TEXT
);

CREATE TABLE webhook_deliveries (
    id UUID PRIMARY KEY,
    ordinal BIGINT GENERATED ALWAYS AS IDENTITY,
    webhook_id UUID NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    position BIGINT,
    number SMALLINT,
    subject UUID,
    state TEXT NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    available_at TIMESTAMP WITH TIME ZONE NOT NULL,
    failing_since TIMESTAMP WITH TIME ZONE,
    attempted_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    status SMALLINT,
    error TEXT
);
CREATE UNIQUE INDEX webhook_deliveries_listed ON webhook_deliveries (webhook_id, ordinal);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, ordinal) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at);
"""


def upgrade() -> None:
    op.execute(DDL)


def downgrade() -> None:
    op.execute("DROP TABLE webhook_deliveries, webhooks")
