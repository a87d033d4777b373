"""What each outlet printed last, so that judging need not read those articles again to know the outlet's furniture."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Empty: what is missing is worked out from the articles themselves until they are no longer the last ones."""
    op.create_table(
        "printed_lately",
        sa.Column("ref", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("words", sa.Integer, nullable=False),
        sa.Column("lines", sa.ARRAY(sa.BigInteger), nullable=False),
        sa.Column("sample", sa.ARRAY(sa.Integer), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("printed_lately")
