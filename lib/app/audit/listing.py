"""The objects of one brand in the order of their works, listed page by page.

Called by ``merge_join``. The objects of one work lie in several categories, so each category is
a stream of its own and the streams are merged; memory holds one page of each. What a few pages
show whole (a small bucket, a small brand) is listed by no more than those.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter, itemgetter

from lib.core.paths import CATEGORIES
from lib.ports import ObjectInfo, Objects, Page

#: Objects that one call lists: the most that Cloud Storage gives, and a call is what it bills.
PAGE = 1000
#: Pages of a brand that are listed and kept at once: most brands are listed with no call too many.
FIRST_PAGES = 4
#: Sorts behind every name: the head of a stream that has ended.
_END = chr(0x10FFFF)
_path = attrgetter("path")

#: Where a page begins: the prefix that is listed, and its cursor (empty: from the beginning).
Begins = tuple[str, str]


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
    """The objects of one brand, in the order of their works; can be continued later."""

    def __init__(
        self, bucket: Bucket, owner: str, brand: str, pages: Mapping[str, Begins] | None
    ) -> None:
        """List from the beginning, or where ``pages`` (an earlier ``pages()``) says."""
        self._bucket = bucket
        self._prefix = f"{owner}/{brand}/"
        self._whole = False
        if pages is None:
            self._streams = list(self._first_look())
        else:
            self._streams = [
                _Stream(bucket, f"{self._prefix}{category}/", pages[category])
                for category in CATEGORIES
                if category in pages
            ]

    def skip(self, passed: str) -> None:
        """Pass all names up to this one, in every category. Raises Unavailable."""
        for stream in self._streams:
            stream.skip(stream.folder + passed)
        self._streams = [stream for stream in self._streams if stream.head != _END]

    def take(self, key: str) -> list[ObjectInfo] | None:
        """Return the objects whose names begin with ``key``, by category and name; pass them.

        None, and nothing is passed, when another object sorts before them. Raises Unavailable.
        """
        here: list[tuple[_Stream, str]] = []
        for stream in self._streams:
            prefix = stream.folder + key
            if stream.head.startswith(prefix):
                here.append((stream, prefix))
            elif stream.head < prefix:
                return None
        found: list[ObjectInfo] = []
        for stream, prefix in here:
            stream.take(prefix, found)
        return found

    def before(self, key: str | None) -> Iterator[tuple[str, ObjectInfo]]:
        """Yield name and object of all that sorts before ``key``, or of all that is left.

        The name is what follows ``{owner}/{brand}/{category}/``. Raises Unavailable.
        """
        return heapq.merge(*(s.before(key) for s in self._streams), key=itemgetter(0))

    def pages(self) -> dict[str, Begins] | None:
        """Return by category where the page in hand begins; None when a look shows the brand.

        A category at its end is left out: what is put there later belongs to works that were
        passed, or is looked for at its own path.
        """
        if self._whole:
            return None
        start = len(self._prefix)
        return {s.folder[start:-1]: s.begins for s in self._streams if s.begins is not None}

    def _first_look(self) -> Iterator[_Stream]:
        """List a few pages of all categories together, and yield each with what that showed.

        They come one after the other: the first ones whole, one in part, the last ones unseen.
        """
        items, cursor = self._bucket.first_pages(self._prefix)
        self._whole = cursor is None
        paths = list(map(_path, items))
        last = paths[-1] if paths else ""
        for category in CATEGORIES:
            folder = f"{self._prefix}{category}/"
            known = items[bisect_left(paths, folder) : bisect_left(paths, folder + _END)]
            if last.startswith(folder):
                then = (self._prefix, cursor) if cursor else None
                yield _Stream(self._bucket, folder, then, known)
            elif self._whole or folder < last:
                if known:
                    yield _Stream(self._bucket, folder, None, known)
            else:
                yield _Stream(self._bucket, folder, (folder, ""))


class _Stream:
    """One category; ``begins`` says where the page in hand begins, None at the end."""

    __slots__ = ("_at", "_bucket", "_infos", "_next", "_paths", "_run", "begins", "folder", "head")

    def __init__(
        self,
        bucket: Bucket,
        folder: str,
        begins: Begins | None,
        known: Sequence[ObjectInfo] = (),
    ) -> None:
        """Stand for a folder of which ``known`` come first and then what ``begins`` lists."""
        self._bucket = bucket
        self.folder = folder
        self._next = begins
        self.begins: Begins | None = (folder, "") if known else begins
        #: How many objects the last work had here: most often the next has as many.
        self._run = 1
        self._at = 0
        self._show(known)

    def skip(self, bound: str) -> None:
        """Go behind all paths up to this one, listing as far as it needs."""
        while True:
            self._at = bisect_right(self._paths, bound, self._at)
            if self._at < len(self._paths):
                self.head = self._paths[self._at]
                return
            if not self._turn():
                return

    def before(self, key: str | None) -> Iterator[tuple[str, ObjectInfo]]:
        """Yield name and object of all that sorts before ``key``; each is passed when asked on."""
        end = _END if key is None else self.folder + key
        start = len(self.folder)
        while self.head < end:
            yield self.head[start:], self._infos[self._at]
            self._pass(self._at + 1)

    def take(self, prefix: str, found: list[ObjectInfo]) -> None:
        """Add the objects whose paths begin with ``prefix``, of which the head is the first."""
        while self.head.startswith(prefix):
            paths, begin = self._paths, self._at
            end = begin + self._run
            if (
                end >= len(paths)
                or paths[end].startswith(prefix)
                or not paths[end - 1].startswith(prefix)
            ):
                end = begin + 1
                while end < len(paths) and paths[end].startswith(prefix):
                    end += 1
                self._run = end - begin
            found += self._infos[begin:end]
            self._pass(end)

    def _pass(self, at: int) -> None:
        if at < len(self._paths):
            self._at, self.head = at, self._paths[at]
        else:
            self._turn()

    def _turn(self) -> bool:
        """Show the next page that holds anything; False at the end."""
        while self._next is not None:
            begins = prefix, cursor = self._next
            page = self._bucket.page(prefix, cursor or None)
            infos: Sequence[ObjectInfo] = page.items
            then = (prefix, page.cursor) if page.cursor else None
            if infos and not infos[-1].path.startswith(self.folder):
                # The next category, which has a stream of its own, is listed here as well.
                infos = [info for info in infos if info.path.startswith(self.folder)]
                then = None
            self.begins, self._next = begins, then
            if infos:
                self._show(infos)
                return True
        self.begins = None
        self._show(())
        return False

    def _show(self, infos: Sequence[ObjectInfo]) -> None:
        self._infos = infos
        self._paths = list(map(_path, infos))
        self._at = 0
        self.head = self._paths[0] if infos else _END
