"""Knows how Alembic is run: on the connection that `ledger.opened` hands over, in one transaction."""

from alembic import context

from zjtx_pipeline.ledger.tables import META

context.configure(connection=context.config.attributes["connection"], target_metadata=META, transaction_per_migration=False)
context.run_migrations()
