"""The ledger: issues, approvals and their codes, mailings, errata, notices, history."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade() -> None:
    op.create_table(
        "issues",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("quarter", sa.String, nullable=False, index=True),
        sa.Column("revision", sa.Integer),
        sa.Column("digest", sa.String, nullable=False, unique=True),
        sa.Column("prepared_at", sa.String, nullable=False),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issues.id"), nullable=False, index=True),
        sa.Column("approver", sa.String, nullable=False),
        sa.Column("channel", sa.String, nullable=False),
        sa.Column("given_at", sa.String, nullable=False),
        sa.Column("revoked_at", sa.String),
        sa.Column("revoked_by", sa.String),
    )
    standing = sa.text("revoked_at IS NULL")
    op.create_index(
        "one_standing_approval", "approvals", ["issue_id", "approver"], unique=True, sqlite_where=standing, postgresql_where=standing
    )
    op.create_table(
        "codes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issues.id"), nullable=False, index=True),
        sa.Column("approver", sa.String, nullable=False),
        sa.Column("salt", sa.String, nullable=False),
        sa.Column("hashed", sa.String, nullable=False),
        sa.Column("expires_at", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_at", sa.String),
    )
    op.create_table(
        "mailings",
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("report", sa.String, primary_key=True),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False, index=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("changed_at", sa.String, nullable=False),
    )
    op.create_table(
        "errata",
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issues.id"), primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("corrects", sa.Integer, sa.ForeignKey("issues.id"), nullable=False),
    )
    op.create_table(
        "notices",
        sa.Column("occasion", sa.String, primary_key=True),
        sa.Column("address", sa.String, primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("changed_at", sa.String, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issues.id"), nullable=False, index=True),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("what", sa.String, nullable=False),
        sa.Column("detail", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
    )
