"""The read tables, in a schema of their own."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DDL = """
CREATE SCHEMA read;
CREATE TABLE read.articles (
    id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    revision INTEGER NOT NULL,
    shown_revision INTEGER,
    story_id UUID,
    judged TEXT,
    duplicate_of TEXT,
    method TEXT,
    similarity DOUBLE PRECISION,
    outlet TEXT,
    published_on DATE NOT NULL,
    published_order TIMESTAMP WITH TIME ZONE NOT NULL,
    received_position BIGINT NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_position BIGINT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX articles_received ON read.articles (received_position);
CREATE INDEX articles_state ON read.articles (state, received_position);
CREATE INDEX articles_story ON read.articles (story_id);
CREATE TABLE read.article_revisions (
    article_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    current BOOLEAN NOT NULL,
    url TEXT,
    outlet TEXT,
    published_at TEXT,
    language TEXT,
    tags TEXT[] NOT NULL,
    body_sha256 TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    received_as TEXT NOT NULL,
    global_position BIGINT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    article_date TEXT,
    article_date_basis TEXT,
    language_read TEXT,
    reading_position BIGINT,
    extractor_version TEXT,
    PRIMARY KEY (article_id, revision)
);
CREATE TABLE read.stories (
    id UUID NOT NULL,
    head TEXT NOT NULL,
    head_order TIMESTAMP WITH TIME ZONE NOT NULL,
    articles INTEGER NOT NULL,
    PRIMARY KEY (id)
);
CREATE TABLE read.mentions (
    id UUID NOT NULL,
    from_position BIGINT NOT NULL,
    to_position BIGINT,
    cause TEXT NOT NULL,
    entry_id UUID NOT NULL,
    dossier TEXT NOT NULL,
    kind TEXT NOT NULL,
    plover TEXT,
    plover_mode TEXT,
    date TEXT NOT NULL,
    status TEXT NOT NULL,
    actors TEXT[] NOT NULL,
    recipients TEXT[] NOT NULL,
    person TEXT,
    speaker TEXT,
    confidence DOUBLE PRECISION NOT NULL,
    evidence_start INTEGER NOT NULL,
    evidence_end INTEGER NOT NULL,
    evidence_text TEXT,
    sentence TEXT,
    article_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    outlet TEXT,
    url TEXT,
    published_at TEXT,
    published_on DATE NOT NULL,
    story_id UUID,
    is_copy BOOLEAN NOT NULL,
    PRIMARY KEY (id, from_position)
);
CREATE INDEX mentions_article ON read.mentions (article_id);
CREATE INDEX mentions_entry ON read.mentions (entry_id, from_position);
CREATE INDEX mentions_published ON read.mentions (published_on);
CREATE INDEX mentions_scope ON read.mentions (dossier, kind) WHERE to_position IS NULL;
CREATE INDEX mentions_words ON read.mentions USING gin (to_tsvector('english'::regconfig, sentence));
CREATE TABLE read.entries (
    id UUID NOT NULL,
    from_position BIGINT NOT NULL,
    to_position BIGINT,
    change_number SMALLINT NOT NULL,
    change TEXT NOT NULL,
    cause TEXT NOT NULL,
    version INTEGER NOT NULL,
    merged_into UUID,
    dossier TEXT NOT NULL,
    kind TEXT NOT NULL,
    plover TEXT,
    plover_mode TEXT,
    date TEXT NOT NULL,
    date_from DATE NOT NULL,
    date_to DATE NOT NULL,
    status TEXT NOT NULL,
    actors TEXT[] NOT NULL,
    recipients TEXT[] NOT NULL,
    speakers TEXT[] NOT NULL,
    outlets TEXT[] NOT NULL,
    summary TEXT,
    representative UUID NOT NULL,
    confidence DOUBLE PRECISION NOT NULL,
    mention_count INTEGER NOT NULL,
    outlet_count INTEGER NOT NULL,
    story_count INTEGER NOT NULL,
    PRIMARY KEY (id, from_position)
);
CREATE INDEX entries_actors ON read.entries USING gin (actors);
CREATE INDEX entries_date ON read.entries (dossier, date_from, id) WHERE to_position IS NULL;
CREATE INDEX entries_feed ON read.entries (from_position, change_number);
CREATE INDEX entries_recipients ON read.entries USING gin (recipients);
CREATE TABLE read.statements (
    id UUID NOT NULL,
    from_position BIGINT NOT NULL,
    to_position BIGINT,
    cause TEXT NOT NULL,
    dossier TEXT NOT NULL,
    actor TEXT NOT NULL,
    proposition TEXT NOT NULL,
    stance TEXT NOT NULL,
    date TEXT NOT NULL,
    date_to DATE NOT NULL,
    voice TEXT NOT NULL,
    condition TEXT,
    person TEXT,
    speaker TEXT,
    confidence DOUBLE PRECISION NOT NULL,
    evidence_start INTEGER NOT NULL,
    evidence_end INTEGER NOT NULL,
    evidence_text TEXT,
    sentence TEXT,
    article_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    outlet TEXT,
    url TEXT,
    published_at TEXT,
    published_on DATE NOT NULL,
    story_id UUID,
    is_copy BOOLEAN NOT NULL,
    PRIMARY KEY (id, from_position)
);
CREATE INDEX statements_article ON read.statements (article_id);
CREATE INDEX statements_cell ON read.statements (dossier, actor, proposition, from_position);
CREATE TABLE read.standings (
    id UUID NOT NULL,
    from_position BIGINT NOT NULL,
    to_position BIGINT,
    change_number SMALLINT NOT NULL,
    cause TEXT NOT NULL,
    version INTEGER NOT NULL,
    dossier TEXT NOT NULL,
    actor TEXT NOT NULL,
    proposition TEXT NOT NULL,
    stance TEXT,
    condition TEXT,
    contested BOOLEAN NOT NULL,
    since TEXT,
    last_stated TEXT,
    voice TEXT,
    representative UUID,
    revision INTEGER,
    mention_count INTEGER NOT NULL,
    outlet_count INTEGER NOT NULL,
    story_count INTEGER NOT NULL,
    PRIMARY KEY (id, from_position)
);
CREATE INDEX standings_cell ON read.standings (dossier, actor, proposition, from_position);
CREATE INDEX standings_feed ON read.standings (from_position, change_number);
"""


def upgrade() -> None:
    for statement in DDL.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP SCHEMA read CASCADE")
