"""Knows how the collector of unreachable objects is kept from going through what lives as long as the process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def keep_what_is_loaded() -> None:
    """Modules, rules and tables stay to the end: from now on they are not looked through, and what is made is less often."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@contextmanager
def resting() -> Iterator[None]:
    """For work that makes a great many objects that all live to its end: collecting among them only costs time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
