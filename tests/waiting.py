"""Wait for something that another process does, without a sleep that is too long or too short."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], within_s: float = 20.0, *, every_s: float = 0.05) -> bool:
    """Return True as soon as something is so, False when it never was."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every_s)
    return True
