"""Notices lie in the ledger until they have left."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    for name in ("detail", "name", "subject", "text"):
        op.add_column("notices", sa.Column(name, sa.String, nullable=False, server_default=""))
    op.add_column("notices", sa.Column("whole", sa.Integer, nullable=False, server_default="1"))
