"""The objects of one brand in the order of their works, listed page by page.

Called by ``merge_join``. The objects of one work lie in several categories, so each category is
a stream of its own and the streams are merged; memory holds one page of each. What one page
shows whole (a small bucket, a small brand) is listed by that one call.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from lib.core.paths import CATEGORIES
from lib.ports import ObjectInfo, Objects, Page

#: Objects that one call lists: the most that Cloud Storage gives, and a call is what it bills.
PAGE = 1000
#: Ends the work's id in an object's name. Ids hold none, but bytes that sort on both sides of it.
END_OF_ID = "_"


class Listed(NamedTuple):
    """One object of a category; ``name`` is what follows ``{owner}/{brand}/{category}/``."""

    name: str
    info: ObjectInfo

    @property
    def key(self) -> str:
        """The name up to the end of the work's id: where this object sorts among the works."""
        head, mark, _ = self.name.partition(END_OF_ID)
        return head + mark


class Bucket:
    """A bucket that counts the calls that list it."""

    def __init__(self, objects: Objects) -> None:
        """List ``objects``; nothing is listed yet."""
        self._objects = objects
        self._everything: tuple[ObjectInfo, ...] | None = None
        self.calls = 0

    def page(self, prefix: str, cursor: str | None = None) -> Page:
        """Return one page below a prefix."""
        self.calls += 1
        return self._objects.list(prefix, cursor=cursor, limit=PAGE)

    def look_whole(self) -> None:
        """List the bucket from its beginning; when one page is all of it, list nothing more."""
        page = self.page("")
        self._everything = page.items if page.cursor is None else None

    def brands(self) -> set[tuple[str, str]]:
        """Return owner and brand of every object's name, where one page showed the whole bucket."""
        parts = [info.path.split("/") for info in self._everything or ()]
        return {(p[0], p[1]) for p in parts if len(p) > 3 and p[2] in CATEGORIES}

    def below(self, prefix: str) -> Page | None:
        """Return everything below a prefix when it is known already."""
        if self._everything is None:
            return None
        return Page(tuple(i for i in self._everything if i.path.startswith(prefix)), None)


class Listing:
    """The objects of one brand, merged over its categories; can be continued later."""

    def __init__(
        self, bucket: Bucket, owner: str, brand: str, pages: Mapping[str, str] | None
    ) -> None:
        """List from the beginning, or where ``pages`` (an earlier ``pages()``) says."""
        self._bucket = bucket
        prefix = f"{owner}/{brand}/"
        self._whole = False
        if pages is not None:
            self._streams = {
                c: _Stream(bucket, f"{prefix}{c}/", pages[c]) for c in CATEGORIES if c in pages
            }
            return
        first = bucket.below(prefix) or bucket.page(prefix)
        self._whole = first.cursor is None
        # The page shows every category whole that sorts before the one in which it ends.
        last = first.items[-1].path.removeprefix(prefix) if first.items else ""
        self._streams = {}
        for category in CATEGORIES:
            folder = f"{prefix}{category}/"
            shown = self._whole or f"{category}/" < last[: len(category) + 1]
            items = [i for i in first.items if i.path.startswith(folder)] if shown else None
            self._streams[category] = _Stream(bucket, folder, "", items)

    def __iter__(self) -> Iterator[Listed]:
        """Yield the objects by name, those of one work together. Raises Unavailable."""
        return heapq.merge(*self._streams.values(), key=itemgetter(0))

    def pages(self) -> dict[str, str] | None:
        """Return by category where the page in hand begins; None when one page is the brand.

        A category at its end is left out: what is put there later belongs to works that were
        passed, or is looked for at its own path.
        """
        if self._whole:
            return None
        return {c: s.begins for c, s in self._streams.items() if s.begins is not None}


class _Stream:
    """One category; ``begins`` is the cursor of the page in hand, None at the end."""

    def __init__(
        self, bucket: Bucket, folder: str, begins: str, items: Sequence[ObjectInfo] | None = None
    ) -> None:
        """Stand for a folder; ``items`` are all its objects when they are known."""
        self._bucket = bucket
        self._folder = folder
        self._items = items
        self.begins: str | None = begins

    def __iter__(self) -> Iterator[Listed]:
        start = len(self._folder)
        while self.begins is not None:
            page = (
                self._bucket.page(self._folder, self.begins or None)
                if self._items is None
                else Page(tuple(self._items), None)
            )
            for info in page.items:
                yield Listed(info.path[start:], info)
            self.begins = page.cursor
