"""Knows what an untrusted file holds, as plain text cells; leaves what they mean to `sources`.

Runs only in the guarded child (`sources.guard`): nothing here is imported by the run itself, and nothing here is heavy.
"""
