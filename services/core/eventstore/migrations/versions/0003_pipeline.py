"""The pipeline's tables: what is being worked on, and the index of copies."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE dispatches (
    article_id UUID NOT NULL,
    stage TEXT NOT NULL,
    dossier TEXT NOT NULL,
    revision INTEGER NOT NULL,
    cause_id UUID NOT NULL,
    cause_position BIGINT NOT NULL,
    state TEXT NOT NULL,
    sends INTEGER DEFAULT 0 NOT NULL,
    attempts INTEGER DEFAULT 0 NOT NULL,
    available_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    started_at TIMESTAMP WITH TIME ZONE,
    worker INTEGER,
    error_class TEXT,
    error_code TEXT,
    PRIMARY KEY (article_id, stage, dossier)
) WITH (fillfactor = 70);  -- each row changes state several times and goes
CREATE INDEX dispatches_due ON dispatches (stage, state, cause_position);

CREATE TABLE fingerprints (
    ref INTEGER GENERATED ALWAYS AS IDENTITY,
    revision INTEGER NOT NULL,
    outlet BIGINT NOT NULL,
    article_id UUID NOT NULL,
    story_id UUID NOT NULL,
    text_sha256 BYTEA NOT NULL,
    body_sha256 BYTEA NOT NULL,
    furniture BIGINT[],
    keys INTEGER[] NOT NULL,
    PRIMARY KEY (ref)
);
CREATE UNIQUE INDEX fingerprints_article ON fingerprints (article_id);
CREATE INDEX fingerprints_text ON fingerprints (text_sha256);
CREATE INDEX fingerprints_story ON fingerprints (story_id);
CREATE INDEX fingerprints_outlet ON fingerprints (outlet, ref);

CREATE TABLE shingle_keys (
    key INTEGER NOT NULL,
    ref INTEGER NOT NULL,
    PRIMARY KEY (key, ref)
);

CREATE TABLE readings (
    input UUID NOT NULL,
    global_position BIGINT NOT NULL,
    PRIMARY KEY (input)
);
"""


def upgrade() -> None:
    op.execute(DDL)


def downgrade() -> None:
    op.execute("DROP TABLE dispatches, fingerprints, shingle_keys, readings")
