"""Bugs that a process of these tests can be born with, so that each check is seen to fail.

A world names one (see ``world.py``); the studio, its render workers and the people have it then.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from lib import embedded
from lib.adapters.local.queue import LocalQueue
from lib.adapters.local.records import LocalRecords
from lib.app import observe, salvage
from lib.app.case import WORKS, walk
from lib.app.studio import Studio
from lib.core.work import Artifact, Json, Sighting
from lib.ports import Query, Record


def forget_recover() -> None:
    """A start does not close what died with the last run."""
    embedded.recover = lambda studio: 0


def leave_rooms() -> None:
    """A start does not remove the rooms of dead runs, and each run takes a room of its own."""
    salvage.forget_runs = lambda studio: 0
    salvage._free_rooms = {}


def acknowledge_early() -> None:
    """An order is acknowledged before it is stored."""
    create = LocalRecords.create

    def soon(self: LocalRecords, path: str, data: Json) -> Record:
        def late() -> None:
            time.sleep(0.1)
            create(self, path, data)

        if not path.startswith(WORKS):
            return create(self, path, data)
        threading.Thread(target=late, daemon=True).start()
        return Record(path, data, 1)

    LocalRecords.create = soon  # type: ignore[method-assign]


def trust_memory() -> None:
    """What was seen once is not looked at again."""
    look = observe.sight

    def sight(studio: Studio, artifact: Artifact, memory: Json | None) -> Sighting | None:
        return look(studio, artifact, None) if memory is None else Sighting(**memory)

    observe.sight = sight


def tidy_up() -> None:
    """A start removes every object that no plan names."""
    recover = embedded.recover

    def recover_and_tidy(studio: Studio) -> int:
        named = {
            made["path"]
            for record in walk(studio, Query(WORKS, order_by="created_at"))
            for step in record.data["work"]["plan"]["steps"]
            for made in step["makes"]
        }
        cursor: str | None = ""
        while cursor is not None:
            page = studio.objects.list("", cursor=cursor or None)
            for info in page.items:
                if info.path not in named:
                    studio.objects.delete(info.path, generation=info.generation)
            cursor = page.cursor
        return recover(studio)

    embedded.recover = recover_and_tidy


def impatient() -> None:
    """A lease is shorter than what it is for takes on a slow disk."""
    lease = LocalQueue.lease

    def short(
        self: LocalQueue, queue: str, executor: str, lease_s: float, *args: Any, **more: Any
    ) -> Any:
        return lease(self, queue, executor, 0.5, *args, **more)

    LocalQueue.lease = short  # type: ignore[method-assign]


BUGS: dict[str, Callable[[], Any]] = {
    bug.__name__: bug
    for bug in (
        forget_recover,
        leave_rooms,
        acknowledge_early,
        trust_memory,
        tidy_up,
        impatient,
    )
}
