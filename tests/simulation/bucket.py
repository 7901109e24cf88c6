"""A bucket in memory, as strict as the real ones, that remembers every generation that lived.

Stands behind the ``Objects`` port in the simulator; ``tests/contract`` holds it to the same clauses
as every other backend. What it remembers beyond the port is for the oracle alone.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import google_crc32c

from lib.adapters.asked import check_life, check_page, check_range
from lib.checksum import as_text
from lib.core.errors import Conflict, NotFound, Refused
from lib.ports import Clock, ObjectInfo, Page

#: Called with "finalized" or "deleted" and the generation that this is about.
Listener = Callable[[str, ObjectInfo], None]


@dataclass(slots=True)
class Life:
    """One generation that was stored: until when, and who ended it."""

    info: ObjectInfo
    born: float
    #: A person put it.
    by_person: bool = False
    #: Not all that was sent arrived.
    cut: bool = False
    died: float | None = None
    #: "studio" or "person"; empty while it lives.
    killer: str = ""


@dataclass(slots=True)
class MemoryBucket:
    """Objects by path; every change is one step that nobody sees half of."""

    clock: Clock
    listener: Listener = lambda _kind, _info: None
    #: On whose account the present change goes.
    actor: str = "studio"
    #: Tells of an upload to a path whether it arrives cut short, and nobody is told.
    cuts: Callable[[str], bool] = lambda _path: False
    lives: dict[tuple[str, int], Life] = field(default_factory=dict)
    _bytes: dict[str, bytes] = field(default_factory=dict)
    _now: dict[str, ObjectInfo] = field(default_factory=dict)
    _latest: int = 0
    _turn: threading.RLock = field(default_factory=threading.RLock)

    # --- the port ------------------------------------------------------------------------

    def put_once(
        self,
        path: str,
        file: Path,
        *,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Create the object; see the port."""
        data = _read(file)
        with self._turn:
            found = self._now.get(path)
            if found is not None and (found.size, found.crc32c) != (len(data), _crc32c(data)):
                raise Conflict(f"other bytes are at {path}")
            stored = found or self._store(path, data, media_type, metadata)
        if move:
            file.unlink(missing_ok=True)
        return stored

    def replace(
        self,
        path: str,
        file: Path,
        *,
        generation: int,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Replace exactly this generation; see the port."""
        data = _read(file)
        with self._turn:
            found = self._now.get(path)
            if found is None or found.generation != generation:
                raise Conflict(f"{path} is not generation {generation} any more")
            stored = self._store(path, data, media_type, metadata)
        if move:
            file.unlink(missing_ok=True)
        return stored

    def stat(self, path: str) -> ObjectInfo | None:
        """Return what is stored now, or None."""
        return self._now.get(path)

    def read(self, path: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return bytes ``start`` to ``end``; see the port."""
        check_range(start, end)
        with self._turn:
            if path not in self._now:
                raise NotFound(f"there is no object {path}")
            return self._bytes[path][start:end]

    def fetch(self, path: str, generation: int, file: Path) -> None:
        """Copy exactly this generation into ``file``; see the port."""
        with self._turn:
            found = self._now.get(path)
            if found is None or found.generation != generation:
                raise NotFound(f"there is no generation {generation} of {path}")
            data = self._bytes[path]
        try:
            file.write_bytes(data)
        except FileNotFoundError as error:
            raise Refused(f"there is no folder {file.parent}", hint="create it") from error

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """Return one page, sorted by the bytes of the path; see the port."""
        check_page(limit)
        with self._turn:
            found = sorted((p for p in self._now if p.startswith(prefix)), key=str.encode)
            begin = bisect_right(found, cursor.encode(), key=str.encode) if cursor else 0
            page = found[begin : begin + limit]
            more = begin + limit < len(found)
            return Page(tuple(self._now[p] for p in page), page[-1] if more else None)

    def delete(self, path: str, *, generation: int) -> bool:
        """Delete exactly this generation; False when it is not there any more."""
        with self._turn:
            found = self._now.get(path)
            if found is None or found.generation != generation:
                return False
            self._end(found)
            del self._now[path], self._bytes[path]
            return True

    def signed_url(self, path: str, *, expires_s: float) -> str:
        """Return a URL that names the object."""
        check_life(expires_s)
        if path not in self._now:
            raise NotFound(f"there is no object {path}")
        return f"https://bucket.invalid/{quote(path)}?expires={self.clock.now() + expires_s:.0f}"

    # --- for people and for the oracle -----------------------------------------------------

    def live(self) -> Mapping[str, ObjectInfo]:
        """Return everything that is stored now, by path."""
        return self._now

    def force(self, path: str, data: bytes, media_type: str, metadata: Mapping[str, str]) -> None:
        """Store bytes over whatever is there, as a person does."""
        with self._turn:
            self._store(path, data, media_type, metadata)

    def bytes_of(self, path: str) -> bytes:
        """Return the bytes of a live object."""
        return self._bytes[path]

    # --- one change ------------------------------------------------------------------------

    def _store(
        self, path: str, data: bytes, media_type: str, metadata: Mapping[str, str]
    ) -> ObjectInfo:
        now, old = self.clock.now(), self._now.get(path)
        cut = self.actor == "studio" and self.cuts(path)
        data = data[: len(data) // 2] if cut else data
        self._latest = max(self._latest + 1, int(now * 1_000_000))
        info = ObjectInfo(
            path, self._latest, len(data), _crc32c(data), media_type, now, dict(metadata)
        )
        self._now[path], self._bytes[path] = info, data
        by_person = self.actor == "person"
        self.lives[path, info.generation] = Life(info, now, by_person, cut=cut)
        if old is not None:
            self._end(old)
        self.listener("finalized", info)
        return info

    def _end(self, info: ObjectInfo) -> None:
        life = self.lives[info.path, info.generation]
        life.died, life.killer = self.clock.now(), self.actor
        self.listener("deleted", info)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except (FileNotFoundError, IsADirectoryError) as error:
        raise Refused(f"there is no file {file}", hint="give a file that exists") from error


def _crc32c(data: bytes) -> str:
    return as_text(google_crc32c.value(data))
