"""Every work beside the objects that a listing shows of it, in one walk of constant memory.

Called by ``run``. Works come from a paged query and objects from a paged listing, brand by
brand, both sorted, so that neither is asked for twice: one read for each work, one call for each
thousand objects. A walk can stop anywhere and be continued at its place. It decides nothing: a
listing is not a lock, and what it shows may be older or younger than the record beside it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple

from lib.app.audit.listing import Begins, Bucket, Listing
from lib.app.audit.name_order import PAST_ID, InNameOrder, id_of
from lib.app.case import WORKS, record_path
from lib.app.studio import Studio
from lib.core.errors import StudioError
from lib.core.work import Json
from lib.ports import ObjectInfo, Query, Record

#: Works that one query reads. A record of sixteen artifacts takes 0.1 MB once it is read: many more
#: of them take memory, and a third more time, for they fall out of the processor's cache. So few
#: cost more round trips, though no more money, as each record is billed for itself.
PAGE = 25
#: Sorts behind every id that anybody could give.
LAST_ID = chr(0x10FFFF)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a walk goes on: which brand, and how far in it. Says nothing of what was found."""

    owner: Any
    brand: Any
    #: The last work that was read; those of ``held`` were read as well, and come later.
    read: str | None = None
    held: tuple[str, ...] = ()
    #: Names up to this one were passed, in every category.
    passed: str = ""
    #: By category, where the page begins that comes next; None: list from the beginning.
    pages: Mapping[str, Begins] | None = None

    def as_json(self) -> Json:
        """Return the place as it is stored, which equals what is read again."""
        stored: Json = json.loads(json.dumps(asdict(self)))
        return stored

    @classmethod
    def of_json(cls, stored: Any) -> Place | None:
        """Return a stored place; None, which is the beginning, when it cannot be read."""
        names = {part.name for part in fields(cls)}
        if not isinstance(stored, dict) or stored.keys() != names:
            return None
        return cls(**{**stored, "held": tuple(stored["held"])})


class Pair(NamedTuple):
    """A work and its objects; without a record, an object beside which there is no work."""

    record: Record | None
    #: By category and name.
    objects: Sequence[ObjectInfo]
    #: Why the walk could not see what comes here; then there is nothing else.
    failure: str = ""


class Walk:
    """One walk over all works and objects; iterate it, stop anywhere, keep its ``place``."""

    def __init__(
        self,
        studio: Studio,
        place: Place | None = None,
        *,
        most: float = math.inf,
        one_brand: bool = False,
    ) -> None:
        """Begin at ``place``, None for the beginning; no more works are read than ``most`` needs.

        Only whoever iterates stops there. With ``one_brand`` the walk ends with the brand of its
        place.
        """
        self._one_brand = one_brand
        self._studio = studio
        self._begin = place
        self._most = most
        self.works = 0
        self._bucket = Bucket(studio.objects)
        self._brand: _Brand | None = None
        self._ended = False

    @property
    def calls(self) -> int:
        """How often the bucket was listed so far."""
        return self._bucket.calls

    @property
    def place(self) -> Place | None:
        """Where the walk goes on behind the last pair it gave; None at the end."""
        if self._ended:
            return None
        return self._brand.place if self._brand else self._begin

    def __iter__(self) -> Iterator[Pair]:
        """Yield pairs. Raises Unavailable when the records could not be asked."""
        if not self._one_brand and (self._begin is None or self._begin.pages is None):
            try:
                self._bucket.look_whole()
            except StudioError as error:
                yield Pair(None, (), f"the bucket: {error}")
                return
        at = self._begin or self.brand_behind(None)
        while at is not None:
            # A work is known to come next only when the one behind it was read.
            batch = int(max(1, min(PAGE, self._most - self.works + 1)))
            self._brand = _Brand(self._studio, self._bucket, at, batch)
            try:
                for pair in self._brand.pairs():
                    self.works += pair.record is not None
                    yield pair
            except StudioError as error:
                self._brand.abandon()
                yield Pair(None, (), f"{at.owner}/{at.brand}: {error}")
            at = None if self._one_brand else self.brand_behind(at)
        self._ended = True

    def brand_behind(self, last: Place | None) -> Place | None:
        """Return the next brand that a record names, or that the bucket shows at a glance.

        A cursor that nobody ever got skips all works of a brand, so this is a read or two.
        """
        seen = self._next_of_records(last)
        found = [seen] if seen else []
        after = _rank(last.owner, last.brand) if last else ()
        found += [(o, b) for o, b in self._bucket.brands() if _rank(o, b) > after]
        return Place(*min(found, key=lambda pair: _rank(*pair))) if found else None

    def _next_of_records(self, last: Place | None) -> tuple[Any, Any] | None:
        records, end = self._studio.records, f"{WORKS}/{LAST_ID}"
        owner, skip = None, None
        if last is not None:
            owner = last.owner
            skip = Record(end, {"brand": last.brand}, 0)
            found = records.query(
                Query(WORKS, {"owner": owner}, order_by="brand", after=skip, limit=1)
            )
            if found:
                return owner, found[0].data["brand"]
            skip = Record(end, {"owner": owner}, 0)
        while found := records.query(Query(WORKS, order_by="owner", after=skip, limit=1)):
            owner = found[0].data["owner"]
            first = records.query(Query(WORKS, {"owner": owner}, order_by="brand", limit=1))
            if first:
                return owner, first[0].data["brand"]
            skip = Record(end, {"owner": owner}, 0)
        return None


class _Brand:
    """The walk over one brand of one owner."""

    def __init__(self, studio: Studio, bucket: Bucket, at: Place, batch: int) -> None:
        self._studio = studio
        self._bucket = bucket
        self._at = at
        self._batch = batch
        self._passed = at.passed
        self._listing: Listing | None = None
        self._works = InNameOrder(self._query(), self._still_there(), at.read)
        #: The work that was given last, and the one that comes next while objects before it are.
        self._given: Record | None = None
        self._coming: Record | None = None

    @property
    def place(self) -> Place:
        """Where to go on behind the last pair."""
        if self._listing is None:
            return self._at
        works, pages = self._works, self._listing.pages()
        held = (*works.held, *([id_of(self._coming)] if self._coming else []))
        passed = id_of(self._given) + PAST_ID if self._given else self._passed
        return Place(self._at.owner, self._at.brand, works.read, held, passed, pages)

    def abandon(self) -> None:
        """Leave the brand: what is left of it is for the next walk."""
        self._listing = None
        self._at = Place(self._at.owner, self._at.brand, LAST_ID, pages={})

    def pairs(self) -> Iterator[Pair]:
        """Yield the works with their objects, and the objects in between."""
        listing = Listing(self._bucket, self._at.owner, self._at.brand, self._at.pages)
        listing.skip(self._passed)
        self._listing = listing
        for key, record in self._works:
            objects = listing.take(key)
            if objects is None:
                self._coming = record
                yield from self._strays(listing, key)
                self._coming = None
                objects = listing.take(key)
            self._given = record
            yield Pair(record, objects or ())
        yield from self._strays(listing, None)

    def _strays(self, listing: Listing, key: str | None) -> Iterator[Pair]:
        for name, info in listing.before(key):
            self._given, self._passed = None, name
            yield Pair(None, (info,))

    def _query(self) -> Iterator[Record]:
        """Yield the works behind the place, by id, and no more at once than will be looked at."""
        read = self._at.read
        after = Record(record_path(read), {}, 0) if read else None
        while True:
            found = self._studio.records.query(
                Query(
                    WORKS,
                    {"owner": self._at.owner, "brand": self._at.brand},
                    after=after,
                    limit=self._batch,
                )
            )
            yield from found
            if len(found) < self._batch:
                return
            after = found[-1]

    def _still_there(self) -> Iterator[Record]:
        for work_id in self._at.held:
            record = self._studio.records.get(record_path(work_id))
            if record is not None:
                yield record


def _rank(owner: Any, brand: Any) -> tuple[tuple[bool, str], ...]:
    """Return the order of brands, for records that name them by something else than a word too."""
    return tuple((isinstance(part, str), str(part)) for part in (owner, brand))
