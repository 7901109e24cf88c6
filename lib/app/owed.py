"""Ends of attempts that could not be written: this process owes them to the ledger, and pays.

Called by ``perform``, and by whoever takes tasks before it takes another. On a full disk, or while
the records are away, an end would else be known to nobody, and its attempt would stand at work
until its patience is over. Dies with the process, whose attempts are closed as lost then.
"""

from __future__ import annotations

import threading
from pathlib import Path

from lib.app.settle import close
from lib.app.studio import Studio
from lib.core.work import Attempt

#: By studio, the works and the ends that wait.
_owed: dict[Path, list[tuple[str, Attempt]]] = {}
_noting = threading.Lock()


def owe(studio: Studio, work_id: str, ended: Attempt) -> None:
    """Note the end of an attempt that is to be written."""
    with _noting:
        _owed.setdefault(studio.scratch, []).append((work_id, ended))


def pay(studio: Studio) -> int:
    """Write the ends that wait; return how many. Raises Unavailable when one cannot be written."""
    paid = 0
    for debt in list(_owed.get(studio.scratch, ())):
        close(studio, *debt)
        with _noting:
            if debt in _owed[studio.scratch]:
                _owed[studio.scratch].remove(debt)
        paid += 1
    return paid
