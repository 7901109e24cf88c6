"""A disk with little room for one studio: a real one where the system lets us, else one made believe.

A real one is a small file system in memory, seen by the studio alone: it is mounted in a namespace
of the studio's, which needs no rights where a user may have namespaces of his own, and nothing is
left behind when the studio ends.
"""

from __future__ import annotations

import functools
import json
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from tests.process.group import Group
from tests.process.world import change

#: Bytes of the real disk: the log of the database takes 8 MiB of it from the start, and what is asked
#: for while it is full takes as much when there is room.
SIZE = 48 * 1024 * 1024
_SCRIPT = (
    'mount -t tmpfs -o size={size} small "$0" && echo \'{world}\' >"$0/world.json" && exec "$@"'
)
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")


@functools.cache
def may_mount() -> bool:
    """Tell whether this system lets us have a small disk."""
    command = [*NAMESPACE, _SCRIPT.format(size=8192, world="{}"), "/mnt", "true"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


class SmallDisk(Protocol):
    """One studio's disk, and how it is filled and freed."""

    def start(self) -> Group: ...
    def folder(self) -> Path: ...
    def fill(self) -> None: ...
    def free(self) -> None: ...


class RealDisk:
    """A file system of ``SIZE`` bytes; a file that is no part of the studio fills it."""

    def __init__(self, folder: Path, **world: Any) -> None:
        self._folder = folder
        self.world = world
        self._group: Group | None = None

    def start(self) -> Group:
        script = _SCRIPT.format(size=SIZE, world=json.dumps(self.world))
        self._group = Group(self._folder, under=[*NAMESPACE, script, str(self._folder)])
        return self._group

    def folder(self) -> Path:
        """Return the folder as the studio sees it."""
        assert self._group is not None
        return Path(f"/proc/{self._group.process.pid}/root{self._folder}")

    def fill(self) -> None:
        with suppress(OSError), (self.folder() / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def free(self) -> None:
        (self.folder() / "ballast").unlink()


class MadeBelieve:
    """The machine's own disk, which every process of the studio believes to be full."""

    def __init__(self, folder: Path, **world: Any) -> None:
        self._folder = folder
        self.world = world
        change(folder, **world)

    def start(self) -> Group:
        return Group(self._folder)

    def folder(self) -> Path:
        return self._folder

    def fill(self) -> None:
        change(self._folder, full=True, **self.world)

    def free(self) -> None:
        change(self._folder, **self.world)
