"""Knows the one error that a person can mend; leaves every other error to be a defect."""


class ZjtxError(Exception):
    """Something the reader of the message can put right; the message is one Chinese sentence."""
