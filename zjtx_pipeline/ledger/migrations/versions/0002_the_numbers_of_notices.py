"""Of each notice the number of its letter, by which one that came back is known."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.add_column("notices", sa.Column("message_id", sa.String))
