"""Whose it is: a ledger is one district's."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.create_table(
        "owner",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("named", sa.String, nullable=False),
        sa.Column("since", sa.String, nullable=False),
    )
