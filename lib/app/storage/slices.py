"""The sweep of a tick's slice: it rides on what the audit has just read and listed.

Called by the tick. Works and strays are those that the audit passed, so a studio in which nothing
may go is asked nothing more. What a work's memory says of its objects tells where to look;
``carry_out`` looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from lib.app.audit.name_order import id_of
from lib.app.case import Case, case_of
from lib.app.judgement import POISON, judge_from_memory
from lib.app.storage import scratch
from lib.app.storage.carry_out import Hand
from lib.app.storage.provenance import why_not_ours
from lib.app.storage.report import BrandKey, Swept
from lib.app.storage.verdict import (
    Evidence,
    InUse,
    Refusal,
    Removal,
    Verdict,
    nobody,
    receipts_last,
    wish_for,
)
from lib.app.studio import Studio
from lib.core.errors import StudioError, Unavailable
from lib.core.paths import ObjectName, parse
from lib.core.retention import GRACE_S, MOST_LEAVING, MOST_LEAVING_SHARE, too_many
from lib.core.work import Json
from lib.ports import ObjectInfo, Record

#: Objects that one tick removes at most; a moved one is fetched and put.
MOST_IN_A_TICK = 100


def sweep_slice(
    studio: Studio,
    works: Iterable[Record],
    strays: Iterable[ObjectInfo],
    *,
    in_use: InUse = nobody,
) -> Swept:
    """Remove what may go of these works and of these objects that no plan names."""
    report = Swept()
    hand = Hand(studio, report, in_use=in_use)
    cases = dict(_cases(works))
    now = studio.clock.now()
    remembered = {work_id: _remembered(case, now) for work_id, case in cases.items()}
    waiting: dict[BrandKey, list[Removal]] = {}
    done = 0
    for found in _found(remembered, strays, now):
        if isinstance(found, Refusal):
            report.refuse(found)
        elif found is not None and found.guarded:
            name = parse(found.info.path)
            assert name is not None
            waiting.setdefault((name.owner, name.brand), []).append(found)
        elif found is not None and done < MOST_IN_A_TICK:
            done += hand.carry_out(found)
    for key, leaving in waiting.items():
        chosen = leaving[: MOST_IN_A_TICK - done]
        if chosen and _may_leave(studio, key, leaving, report):
            done += sum(hand.carry_out(removal) for removal in chosen)
    scratch.forget(studio, report)
    return report


def _cases(works: Iterable[Record]) -> Iterator[tuple[str, Case]]:
    for record in works:
        try:
            yield id_of(record), case_of(record)
        except Unavailable:
            continue  # the audit names records that cannot be read


def _remembered(case: Case, now: float) -> Evidence:
    """Return what a record remembers of its work's objects; nobody looks."""
    memories = [m for m in case.measured.values() if isinstance(m, dict)]
    try:
        listed = {str(memory["path"]): _info_of(memory) for memory in memories}
        known = judge_from_memory(case, listed, now)
    except POISON:
        return Evidence(case)  # a look is needed, which says what is wrong with the record
    return Evidence(case, *known) if known else Evidence(case)


def _info_of(memory: Json) -> ObjectInfo:
    return ObjectInfo(
        path=memory["path"],
        generation=int(memory["generation"]),
        size=int(memory["size"]),
        crc32c=memory["crc32c"],
        media_type="",
        updated_at=float(memory["updated_at"]),
    )


def _found(
    remembered: Mapping[str, Evidence], strays: Iterable[ObjectInfo], now: float
) -> Iterator[Verdict]:
    """Yield what may go by the works' own memory, then what becomes of the strays."""
    for evidence in remembered.values():
        assert evidence.case is not None
        memories = evidence.case.measured.values() if evidence.sightings else ()
        for info in sorted(map(_info_of, memories), key=receipts_last):
            name = parse(info.path)
            if name is not None:
                yield wish_for(info, name, evidence, now)
    for info in strays:
        name = parse(info.path)
        if name is None:
            yield Refusal(info, "its name is none of ours")
        elif stranger := why_not_ours(info, name):
            yield Refusal(info, stranger)
        elif now - info.updated_at >= GRACE_S:
            yield _of_stray(info, name, remembered, now)


def _of_stray(
    info: ObjectInfo, name: ObjectName, remembered: Mapping[str, Evidence], now: float
) -> Verdict:
    return wish_for(info, name, remembered.get(name.work_id, Evidence()), now)


def _may_leave(studio: Studio, key: BrandKey, leaving: list[Removal], report: Swept) -> bool:
    """Tell whether so much may leave a brand, of which a slice has seen a part only.

    What lies in quarantine counts as well: slices that each take a little come to an end.
    """
    owner, brand = key
    try:
        held = _count(studio, f"{owner}/{brand}/quarantine/", math.inf)
        gone = len(leaving) + held
        if gone <= MOST_LEAVING:
            return True
        seen = _count(studio, f"{owner}/{brand}/", gone / MOST_LEAVING_SHARE)
    except StudioError as error:
        report.unreachable.append(f"{owner}/{brand}: {error}")
        return False
    if too_many(len(leaving), held, seen):
        report.stop(key, leaving, held, seen)
        return False
    return True


def _count(studio: Studio, prefix: str, enough: float) -> int:
    """Return how many objects lie below a prefix; no more pages are listed than are enough."""
    count, cursor = 0, None
    while True:
        page = studio.objects.list(prefix, cursor=cursor)
        count += len(page.items)
        cursor = page.cursor
        if cursor is None or count >= enough:
            return count
