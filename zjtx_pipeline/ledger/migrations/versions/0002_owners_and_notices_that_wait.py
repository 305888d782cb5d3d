"""A ledger is one district's; notices lie in it until they have left, and bear numbers by which one that came back is known."""

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
    op.add_column("notices", sa.Column("message_id", sa.String))
    for name in ("detail", "name", "subject", "text"):
        op.add_column("notices", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.add_column("notices", sa.Column("whole", sa.Integer, nullable=False, server_default="1"))
