"""The objects of one brand in the order of their works, listed page by page.

Called by ``merge_join``. The objects of one work lie in several categories, so each category is
a stream of its own and the streams are merged; memory holds one page of each. What a few pages
show whole (a small bucket, a small brand) is listed by no more than those.
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
#: Pages of a brand that are listed and kept at once: most brands are listed with no call too many.
FIRST_PAGES = 4
#: Ends the work's id in an object's name. Ids hold none, but bytes that sort on both sides of it.
END_OF_ID = "_"


#: Where a page begins: the prefix that is listed, and its cursor (empty: from the beginning).
Begins = tuple[str, str]


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

    def first_pages(self, prefix: str) -> tuple[list[ObjectInfo], str | None]:
        """Return what the first pages below a prefix show, and the cursor of what they do not."""
        if self._everything is not None:
            return [i for i in self._everything if i.path.startswith(prefix)], None
        items: list[ObjectInfo] = []
        cursor: str | None = None
        for _ in range(FIRST_PAGES):
            page = self.page(prefix, cursor)
            items += page.items
            cursor = page.cursor
            if cursor is None:
                break
        return items, cursor


class Listing:
    """The objects of one brand, merged over its categories; can be continued later."""

    def __init__(
        self, bucket: Bucket, owner: str, brand: str, pages: Mapping[str, Begins] | None
    ) -> None:
        """List from the beginning, or where ``pages`` (an earlier ``pages()``) says."""
        self._bucket = bucket
        self._prefix = f"{owner}/{brand}/"
        self._whole = False
        if pages is None:
            self._streams = dict(self._first_look())
        else:
            self._streams = {
                category: _Stream(bucket, f"{self._prefix}{category}/", pages[category])
                for category in CATEGORIES
                if category in pages
            }

    def __iter__(self) -> Iterator[Listed]:
        """Yield the objects by name, those of one work together. Raises Unavailable."""
        return heapq.merge(*self._streams.values(), key=itemgetter(0))

    def pages(self) -> dict[str, Begins] | None:
        """Return by category where the page in hand begins; None when a look shows the brand.

        A category at its end is left out: what is put there later belongs to works that were
        passed, or is looked for at its own path.
        """
        if self._whole:
            return None
        return {c: s.begins for c, s in self._streams.items() if s.begins is not None}

    def _first_look(self) -> Iterator[tuple[str, _Stream]]:
        """List a few pages of all categories together, and yield each with what that showed.

        They come one after the other: the first ones whole, one in part, the last ones unseen.
        """
        items, cursor = self._bucket.first_pages(self._prefix)
        self._whole = cursor is None
        last = items[-1].path if items else ""
        for category in CATEGORIES:
            folder = f"{self._prefix}{category}/"
            known = [info for info in items if info.path.startswith(folder)]
            if last.startswith(folder):
                then = (self._prefix, cursor) if cursor else None
                yield category, _Stream(self._bucket, folder, then, known)
            elif self._whole or folder < last:
                yield category, _Stream(self._bucket, folder, None, known)
            else:
                yield category, _Stream(self._bucket, folder, (folder, ""))


class _Stream:
    """One category; ``begins`` says where the page in hand begins, None at the end."""

    def __init__(
        self,
        bucket: Bucket,
        folder: str,
        begins: Begins | None,
        known: Sequence[ObjectInfo] = (),
    ) -> None:
        """Stand for a folder of which ``known`` come first and then what ``begins`` lists."""
        self._bucket = bucket
        self._folder = folder
        self._known = known
        self._then = begins
        self.begins: Begins | None = (folder, "") if known else begins

    def __iter__(self) -> Iterator[Listed]:
        """Yield the objects by name."""
        start = len(self._folder)
        for info in self._known:
            yield Listed(info.path[start:], info)
        self._known, self.begins = (), self._then
        while self.begins is not None:
            prefix, cursor = self.begins
            page = self._bucket.page(prefix, cursor or None)
            for info in page.items:
                if not info.path.startswith(self._folder):
                    self.begins = None  # the next category, which has a stream of its own
                    return
                yield Listed(info.path[start:], info)
            self.begins = (prefix, page.cursor) if page.cursor else None
