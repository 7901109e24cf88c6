"""Keep the index of the bucket equal to the files on the disk, whatever a person does to them.

Called by ``objects.py`` before every answer. A file that is not the one in the index is read,
gets a generation and queues its events; one that is gone queues its own. Knows nothing of
preconditions.
"""

from __future__ import annotations

import functools
import itertools
import mimetypes
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from lib.adapters.local import files, object_index
from lib.adapters.local.database import EVENTS, Database
from lib.adapters.local.object_index import Fresh, Row
from lib.core.errors import Unavailable
from lib.ports import Clock, Page

T = TypeVar("T")

#: How often a file that changes under our eyes is looked at again.
LOOKS = 8
#: Objects that a scan compares at once.
SCAN_PAGE = 1000
#: Types of our own files that the standard library's table lacks or calls otherwise.
_TYPES = {".webp": "image/webp", ".m4a": "audio/mp4", ".opus": "audio/ogg", ".flac": "audio/flac"}


class _Differs(Exception):
    """The file is not the one that the index knows; look at it, then decide again."""


@dataclass(slots=True)
class Scan:
    """What a look at the whole tree found: files in all, and by how they differed."""

    seen: int = 0
    adopted: int = 0
    changed: int = 0
    gone: int = 0


class Mirror:
    """The index of one tree of files."""

    def __init__(self, tree: files.Tree, database: Database, clock: Clock) -> None:
        """Watch over ``tree``; nothing is compared before it is asked for."""
        self._tree = tree
        self._database = database
        self._clock = clock
        self._news = database.door(EVENTS)
        self._types = mimetypes.MimeTypes()
        #: The round of ``scan_on``: what it walks, and up to where it compared.
        self._round: Iterator[tuple[str, files.Signature]] | None = None
        self._passed = ""

    def agreed(
        self,
        path: str,
        carry_out: Callable[[sqlite3.Connection, Row | None], T],
        *,
        durable: bool = True,
    ) -> T:
        """Run ``carry_out`` in a write, on a row that the file still agrees with."""
        place = self._tree.locate(path)

        def closure(conn: sqlite3.Connection) -> T:
            row = object_index.select(conn, path)
            if self._tree.signature(place) != (None if row is None else row.signature):
                raise _Differs
            return carry_out(conn, row)

        for _ in range(LOOKS):
            try:
                return self._database.write(closure, durable=durable)
            except _Differs:
                self._adopt(path, Scan())
        raise Unavailable(f"{path} keeps changing on the disk", retry_after_s=1.0)

    def look(self, path: str) -> Row | None:
        """Return the row of what is on the disk now, indexing it first if it is news."""
        place = self._tree.locate(path)
        found = self._database.look(object_index.SELECT_ONE, (path,))
        row = Row(*found[0]) if found else None
        if self._tree.signature(place) == (None if row is None else row.signature):
            return row
        return self._adopt(path, Scan())

    def recheck(self, path: str) -> Row | None:
        """Return the row of what is on the disk now, read byte by byte."""
        return self._adopt(path, Scan(), trusting=False)

    def page(
        self, prefix: str, after: str, limit: int, counts: Scan, *, trusting: bool = True
    ) -> Page:
        """Return a page of what is on the disk behind ``after``; count what was news.

        ``trusting`` takes an unchanged signature for unchanged bytes.
        """
        walk = self._tree.walk(prefix, after)
        found = dict(itertools.islice(walk, limit + 1))
        more = len(found) > limit
        if more:
            found.popitem()
        last = next(reversed(found)) if more else prefix + files.LAST
        known = self._database.read(object_index.SELECT_RANGE, (after, prefix, last))
        rows = {row[0]: Row(*row) for row in known}
        items = []
        for path in sorted(found.keys() | rows.keys()):
            row = rows.get(path)
            if row is None or row.signature != found.get(path) or not trusting:
                row = self._adopt(path, counts, trusting=trusting)
            if row is not None:
                items.append(row.info())
        counts.seen += len(found)
        if len(items) > limit:  # put by others between the walk and the query
            items, more = items[:limit], True
            last = items[-1].path
        return Page(tuple(items), last if more else None)

    def scan(self, *, trusting: bool) -> Scan:
        """Compare the whole tree with the index, adopt every difference, and count them."""
        counts, cursor = Scan(), ""
        while True:
            page = self.page("", cursor, SCAN_PAGE, counts, trusting=trusting)
            if page.cursor is None:
                return counts
            cursor = page.cursor

    def scan_on(self, budget_s: float) -> Scan:
        """Go on with a round of the whole tree for about ``budget_s``; return what was news.

        One round after the other, so that a look costs the same however much is stored. Only one
        thread may call this.
        """
        counts, deadline = Scan(), time.monotonic() + budget_s
        while True:
            walk = self._round or self._tree.walk("", "")
            if self._round is None:
                self._passed = ""
            self._round = None  # until this page is through: one that raises begins anew
            found = dict(itertools.islice(walk, SCAN_PAGE))
            more = len(found) == SCAN_PAGE
            last = next(reversed(found)) if more else files.LAST
            known = self._database.read(object_index.SELECT_RANGE, (self._passed, "", last))
            rows = {row[0]: Row(*row) for row in known}
            for path in found.keys() | rows.keys():
                row = rows.get(path)
                if row is None or row.signature != found.get(path):
                    self._adopt(path, counts)
            counts.seen += len(found)
            self._round, self._passed = (walk, last) if more else (None, "")
            if not more or time.monotonic() > deadline:
                return counts

    def _adopt(self, path: str, counts: Scan, *, trusting: bool = True) -> Row | None:
        """Make the index agree with the file, whatever happened to it; return the row.

        A file that is being written in place is no object: what it was is gone, and what it
        will be is not there yet.
        """
        place = self._tree.locate(path)
        checked: files.Checked | None = None
        inodes = set()
        for _ in range(LOOKS):
            try:
                note = functools.partial(self._note, path=path, checked=checked, trusting=trusting)
                row, kind = self._database.write(note)
                break
            except _Differs:
                # Read outside the write: a large file must not hold up other writers.
                checked = self._tree.check(place)
                seen = self._tree.signature(place)
                inodes.add(seen and seen.inode)
        else:
            if len(inodes) > 1:  # whole files, one after the other
                raise Unavailable(f"{path} keeps changing on the disk", retry_after_s=1.0)
            row, kind = self._database.write(lambda conn: self._forget(conn, path))
        if kind:
            setattr(counts, kind, getattr(counts, kind) + 1)
            self._news.knock()
        return row

    def _forget(self, conn: sqlite3.Connection, path: str) -> tuple[None, str]:
        row = object_index.select(conn, path)
        if row is None:
            return None, ""
        object_index.remove(conn, row, self._clock.now())
        return None, "gone"

    def _note(
        self, conn: sqlite3.Connection, path: str, checked: files.Checked | None, *, trusting: bool
    ) -> tuple[Row | None, str]:
        row = object_index.select(conn, path)
        found = self._tree.signature(self._tree.locate(path))
        if trusting and found == (None if row is None else row.signature):
            return row, ""
        if found is None:
            self._tree.check_present()
            return self._forget(conn, path)
        if checked is None or checked.signature != found:
            raise _Differs
        if row is not None and (row.size, row.crc32c) == (found.size, checked.crc32c):
            return object_index.touch(conn, row, found), ""
        fresh = Fresh(path, found, checked.crc32c, self._type_of(path), "{}")
        row_now = object_index.insert(conn, fresh, row, self._clock.now())
        return row_now, "changed" if row else "adopted"

    def _type_of(self, path: str) -> str:
        ending = os.path.splitext(path)[1].lower()
        known = _TYPES.get(ending) or self._types.guess_type(path, strict=False)[0]
        return known or "application/octet-stream"
