"""Notices lie in the ledger until they have left."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    for name in ("detail", "name", "subject", "text"):
        op.add_column("notices", sa.Column(name, sa.String, nullable=False, server_default=""))
