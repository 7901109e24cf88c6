"""The sweep over everything: every object beside its work, counted by class, and what may go.

Called by ``./brandcast sweep``. It rides on the audit's walk. What that walk cannot see, because
it lies where no record leads, is listed after it, so that the sum over the classes is the sum of
the bucket.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lib.app.audit import listing
from lib.app.audit.merge_join import Pair, Walk
from lib.app.case import Case, case_of
from lib.app.judgement import POISON, judge, judge_from_memory
from lib.app.storage import scratch
from lib.app.storage.carry_out import Hand
from lib.app.storage.report import BrandKey, Counter, Swept
from lib.app.storage.verdict import (
    Evidence,
    InUse,
    Refusal,
    Removal,
    class_of,
    judge_object,
    nobody,
    receipts_last,
)
from lib.app.studio import Studio
from lib.core.errors import StudioError
from lib.core.paths import CATEGORIES
from lib.core.retention import StorageClass, too_many
from lib.ports import ObjectInfo


@dataclass(slots=True)
class _Brand:
    """One brand on the way: what was seen of it, and what waits for all of it to be seen."""

    key: BrandKey
    seen: int = 0
    held: int = 0
    waiting: list[Removal] = field(default_factory=list)
    #: Not all of it could be seen; then nothing that waits is done.
    blind: bool = False


def sweep_everything(
    studio: Studio,
    *,
    dry_run: bool = False,
    in_use: InUse = nobody,
    past_limit: bool = False,
) -> Swept:
    """Go over the whole bucket, remove what may go, and count what was found.

    ``past_limit`` lets more leave a brand than is believed: a person has looked. Raises
    Unavailable when the records could not be asked.
    """
    return _Pass(studio, dry_run=dry_run, in_use=in_use, past_limit=past_limit).run()


class _Pass:
    """One sweep over everything."""

    def __init__(self, studio: Studio, *, dry_run: bool, in_use: InUse, past_limit: bool) -> None:
        self._studio = studio
        self._past_limit = past_limit
        self._in_use = in_use
        self._report = Swept(dry_run=dry_run)
        self._hand = Hand(studio, self._report, dry_run=dry_run, in_use=in_use)
        self._counter = Counter()
        self._brand: _Brand | None = None
        self._walked: set[BrandKey] = set()
        #: Something could not be listed, so what is missing from the walk says nothing.
        self._blind = False

    def run(self) -> Swept:
        for pair in Walk(self._studio):
            self._take(pair)
        self._leave()
        if not self._blind:
            for info in self._elsewhere():
                self._enter(_folder(info.path))
                self._consider(info, Evidence())
            self._leave()
        self._report.total(self._counter.holdings, self._studio.clock.now())
        scratch.forget(self._studio, self._report)
        return self._report

    def _take(self, pair: Pair) -> None:
        """Go over one work with its objects, or over an object beside which there is none."""
        if pair.failure:
            self._report.unreachable.append(pair.failure)
            self._go_blind()
            return
        if pair.record is not None:
            data = pair.record.data
            self._enter((str(data.get("owner")), str(data.get("brand"))))
        try:
            infos = list(pair.objects)
        except StudioError:
            self._go_blind()  # the walk says why, next
            return
        if pair.record is None:
            for info in infos:
                self._enter(_folder(info.path))
                self._consider(info, Evidence())
            return
        try:
            evidence = _evidence_of(self._studio, case_of(pair.record), infos)
        except POISON as error:
            self._report.unreachable.append(f"{pair.record.path}: {error}")
            for info in infos:
                self._count(info, class_of(info, Evidence()))
            return
        for info in sorted(infos, key=receipts_last):
            self._consider(info, evidence)

    def _consider(self, info: ObjectInfo, evidence: Evidence) -> None:
        """Count an object, and remove it or have it wait, if it may go."""
        self._count(info, class_of(info, evidence))
        found = judge_object(info, evidence, self._studio.clock.now(), self._in_use)
        if isinstance(found, Refusal):
            self._report.refuse(found)
        elif found is not None and found.guarded and self._brand is not None:
            self._brand.waiting.append(found)
        elif found is not None:
            self._hand.carry_out(found)

    def _count(self, info: ObjectInfo, cls: StorageClass) -> None:
        self._counter.add(info, cls, self._studio.clock.now())
        if self._brand is not None:
            self._brand.seen += 1
            self._brand.held += cls is StorageClass.QUARANTINE

    def _go_blind(self) -> None:
        self._blind = True
        if self._brand is not None:
            self._brand.blind = True

    def _enter(self, key: BrandKey) -> None:
        """Begin with a brand, and finish the one before it."""
        if self._brand is not None and self._brand.key == key:
            return
        self._leave()
        self._brand = _Brand(key)
        self._walked.add(key)

    def _leave(self) -> None:
        """Remove what waited for its brand to be seen whole, unless it is too much of it."""
        brand, self._brand = self._brand, None
        if brand is None or not brand.waiting or brand.blind:
            return
        leaving = brand.waiting
        if too_many(len(leaving), brand.held, brand.seen) and not self._past_limit:
            self._report.stop(brand.key, leaving, brand.held, brand.seen)
            return
        for removal in leaving:
            self._hand.carry_out(removal)

    def _elsewhere(self) -> Iterator[ObjectInfo]:
        """Yield the objects that lie where the walk does not come: no record leads there."""
        walked, cursor = frozenset(self._walked), None
        while True:
            page = self._studio.objects.list("", cursor=cursor, limit=listing.PAGE)
            for info in page.items:
                parts = info.path.split("/", 3)
                known = len(parts) > 3 and parts[2] in CATEGORIES
                if not (known and (parts[0], parts[1]) in walked):
                    yield info
            cursor = page.cursor
            if cursor is None:
                return


def _evidence_of(studio: Studio, case: Case, infos: list[ObjectInfo]) -> Evidence:
    """Return what a listing shows of a work: by memory where both agree, else by a look."""
    listed = {info.path: info for info in infos}
    known = judge_from_memory(case, listed, studio.clock.now())
    if known is None:
        found, sightings, _ = judge(studio, case)
        return Evidence(case, found, sightings)
    return Evidence(case, *known)


def _folder(path: str) -> BrandKey:
    owner, _, rest = path.partition("/")
    return owner, rest.partition("/")[0]
