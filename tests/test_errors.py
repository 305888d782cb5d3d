"""What the machine has run out of is said in a sentence, however deep the error lies; anything else is no such sentence."""

import errno
import sqlite3

import pytest

from zjtx_pipeline.errors import exhausted


def behind(error):
    """As a library would hand it on."""
    try:
        try:
            raise error
        except BaseException:
            raise RuntimeError("writing failed") from None
    except RuntimeError as told:
        return told


FULL = {
    "a full disk": OSError(errno.ENOSPC, "No space left on device"),
    "a quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "a file size limit": OSError(errno.EFBIG, "File too large"),
    "SQLite": sqlite3.OperationalError("database or disk is full"),
}


@pytest.mark.parametrize("error", FULL.values(), ids=FULL)
def test_a_full_disk_is_told_also_from_behind_another_error(error):
    assert exhausted(error).startswith("磁盘已满") and exhausted(behind(error)) == exhausted(error)


def test_memory_is_told():
    assert exhausted(MemoryError()).startswith("内存不足")


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), ValueError("x"), sqlite3.OperationalError("database is locked")])
def test_what_is_no_want_of_room_is_not_told_as_one(error):
    assert exhausted(error) == ""
