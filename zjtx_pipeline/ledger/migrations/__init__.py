"""Knows how a ledger of an earlier program becomes one of this; leaves the tables as they are now to `ledger.tables`."""
