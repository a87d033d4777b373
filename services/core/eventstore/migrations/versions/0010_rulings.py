"""What analysts ruled, and what it made of entries and statements."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

DDL = """
CREATE TABLE read.rulings (
    id UUID NOT NULL,
    from_position BIGINT NOT NULL,
    to_position BIGINT,
    cause TEXT NOT NULL,
    record_id UUID NOT NULL,
    dossier TEXT NOT NULL,
    kind TEXT,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    said_by TEXT,
    ruled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    position BIGINT NOT NULL,
    number INTEGER NOT NULL,
    changes JSONB NOT NULL,
    into_id UUID,
    into_kind TEXT,
    splits JSONB NOT NULL,
    places BOOLEAN NOT NULL,
    PRIMARY KEY (id, from_position)
);
CREATE INDEX rulings_record ON read.rulings (record_id, from_position);
CREATE INDEX rulings_into ON read.rulings (into_id) WHERE into_id IS NOT NULL;
CREATE INDEX rulings_places ON read.rulings (dossier) WHERE places AND to_position IS NULL;
ALTER TABLE read.entries ADD COLUMN review JSONB;
ALTER TABLE read.statements
    ADD COLUMN rejected BOOLEAN DEFAULT false NOT NULL,
    ADD COLUMN read_as JSONB,
    ADD COLUMN read_condition TEXT,
    ADD COLUMN review JSONB
"""


def upgrade() -> None:
    """Nothing is filled: there were no rulings before."""
    for statement in DDL.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "ALTER TABLE read.statements DROP COLUMN rejected, DROP COLUMN read_as, DROP COLUMN read_condition,"
        " DROP COLUMN review"
    )
    op.execute("ALTER TABLE read.entries DROP COLUMN review")
    op.execute("DROP TABLE read.rulings")
