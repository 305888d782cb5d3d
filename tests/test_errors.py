"""What the machine has run out of is said in a sentence, however deep the error lies; anything else is no such sentence."""

import errno
import sqlite3

import duckdb
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


NO_MEMORY = {
    "Python": MemoryError(),
    "a fork": OSError(errno.ENOMEM, "Cannot allocate memory"),
    "DuckDB": duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data of size 16.0 KiB"),
    "a library in C++": RuntimeError("std::bad_alloc"),
    "a thread": RuntimeError("can't start new thread"),
}


@pytest.mark.parametrize("error", NO_MEMORY.values(), ids=NO_MEMORY)
def test_memory_is_told(error):
    assert exhausted(error).startswith("内存不足") and exhausted(behind(error)) == exhausted(error)


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "Permission denied"), ValueError("x"), sqlite3.OperationalError("database is locked")])
def test_what_is_no_want_of_room_is_not_told_as_one(error):
    assert exhausted(error) == ""
