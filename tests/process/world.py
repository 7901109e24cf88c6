"""What happens to a real process and no simulator shows: a slow disk, a full one, a clock that jumps.

A studio of these tests enters its world when it opens: ``world.json`` in its folder says what goes
wrong there, in the studio and in its render workers alike, and may be written anew while they run.
No part of the studio knows of it.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lib.adapters.local import database
from lib.adapters.local.group_commit import GroupCommit

FILE = "world.json"
#: Seconds after which a process looks into the file again.
LOOK_S = 0.05


class World:
    """What the file says now."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._said: dict[str, Any] = {}
        self._looked = -1.0

    def __getitem__(self, name: str) -> Any:
        if time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            try:
                self._said = json.loads(self._file.read_text())
            except FileNotFoundError:
                self._said = {}
        return self._said.get(name)


def change(folder: Path, **said: Any) -> None:
    """Make the world of a folder be so from now on."""
    fresh = folder / f"{FILE}.new"
    fresh.write_text(json.dumps(said))
    fresh.rename(folder / FILE)


class JumpingClock:
    """The machine's clock, ahead of it by ``offset_s`` (behind it, when that is negative)."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> float:
        return time.time() + (self._world["offset_s"] or 0.0)


def enter(folder: Path) -> World:
    """Let the disk of this process be what the world of ``folder`` says."""
    world = World(folder)
    os.fsync = _slow(os.fsync, world)
    os.fdatasync = _slow(os.fdatasync, world)
    below = str(folder)
    for name in ("open", "mkdir", "rename"):
        setattr(os, name, _full(getattr(os, name), world, below))
    os.write = _full_to_write(os.write, world, below)
    GroupCommit._commit = _full_to_commit(GroupCommit._commit, world)  # type: ignore[method-assign]
    database.RESERVE = world["reserve"] or database.RESERVE
    return world


def _slow(sync: Callable[[int], None], world: World) -> Callable[[int], None]:
    @functools.wraps(sync)
    def slowly(handle: int) -> None:
        time.sleep(world["sync_s"] or 0.0)
        sync(handle)

    return slowly


def _full(call: Callable[..., Any], world: World, below: str) -> Callable[..., Any]:
    """Refuse what needs a new entry on a full disk."""

    @functools.wraps(call)
    def where_there_is_room(place: Any, *args: Any, **more: Any) -> Any:
        creates = call.__name__ != "open" or (args and args[0] & os.O_CREAT)
        if creates and world["full"] and str(place).startswith(below):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))
        return call(place, *args, **more)

    return where_there_is_room


def _full_to_write(write: Callable[..., int], world: World, below: str) -> Callable[..., int]:
    @functools.wraps(write)
    def where_there_is_room(handle: int, data: Any) -> int:
        if world["full"] and os.readlink(f"/proc/self/fd/{handle}").startswith(f"{below}/data/b"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data)

    return where_there_is_room


def _full_to_commit(commit: Callable[..., Any], world: World) -> Callable[..., Any]:
    """Let SQLite itself find no room for another page."""

    def where_there_is_room(self: GroupCommit, batch: Any) -> Any:
        if world["full"] is not None or hasattr(self, "was_full"):
            most = 1 if world["full"] else 1 << 30  # never below what it has
            self._writer.execute(f"PRAGMA max_page_count={most}")
            self.was_full = True  # type: ignore[attr-defined]
        return commit(self, batch)

    return where_there_is_room
