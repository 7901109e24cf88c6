"""What is to become of one object, by what is known of its work; the rule that all passes ask.

Called by ``passes`` with what a listing or a memory shows, to find where to look, and by
``carry_out`` with what the bucket and the record show at that moment, which alone decides.
Changes nothing, and asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lib.app.case import Case
from lib.app.storage.provenance import origin_of, why_not_ours
from lib.core.paths import ObjectName, parse
from lib.core.retention import (
    GRACE_S,
    POLICY,
    Kept,
    StorageClass,
    class_of_name,
    classes_of_plan,
)
from lib.core.status import Assessment
from lib.core.work import Keep, Sighting, Sightings
from lib.ports import ObjectInfo

#: Tells of an object's path whether somebody plays it or holds it for a slot.
InUse = Callable[[str], bool]


def nobody(path: str) -> bool:
    """Say of every object that it is not in use."""
    del path
    return False


class Act(StrEnum):
    """What is done to an object."""

    DELETE = "delete"
    QUARANTINE = "quarantine"  # moved out of the way, and deleted when its keep time is over
    ADOPT = "adopt"  # moved from quarantine to where a plan wants it again


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a work at one instant; without a case there is no record of it.

    Without sightings nobody has looked yet, and what may be wished for is found out by a look.
    """

    case: Case | None = None
    found: Assessment | None = None
    sightings: Sightings | None = None

    @property
    def archived(self) -> bool:
        """True when the work was put away."""
        return self.case is not None and self.case.work.archived_at is not None

    @property
    def complete(self) -> bool:
        """True when every artifact that the plan keeps was seen and is valid."""
        return self.found is not None and self.found.complete

    def receipts(self) -> list[Sighting]:
        """Return the receipts of the plan that were seen, are valid, and were put by us."""
        if self.case is None or self.sightings is None:
            return []
        plan = self.case.work.plan
        paths = [a.path for a in plan.artifacts() if a.keep is Keep.RECEIPT]
        seen = [self.sightings[path] for path in paths if path in self.sightings]
        return [sighting for sighting in seen if sighting.valid and sighting.ours]

    def kept(self) -> dict[str, Kept]:
        """Return by path what the artifacts of the plan are kept as."""
        if self.case is None:
            return {}
        receipts = {sighting.path: sighting.updated_at for sighting in self.receipts()}
        return classes_of_plan(self.case.work.plan, receipts)


@dataclass(frozen=True, slots=True)
class Removal:
    """An object that may go, as it was seen."""

    info: ObjectInfo
    storage_class: StorageClass
    act: Act
    why: str
    #: Rests on a record that is not there, or moves what somebody asked for: counted by brand.
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """An object that no plan names and that stays all the same."""

    info: ObjectInfo
    why: str


Verdict = Removal | Refusal | None


def receipts_last(info: ObjectInfo) -> bool:
    """Return the key of an order in which what proves that the others may go, goes last.

    Without it nothing would say any more that they may.
    """
    name = parse(info.path)
    return name is not None and class_of_name(name) is StorageClass.RECEIPT


def class_of(info: ObjectInfo, evidence: Evidence) -> StorageClass:
    """Return the class of an object; ``evidence`` is of the work that its name names."""
    name = parse(info.path)
    if name is None or why_not_ours(info, name):
        return _class_of_strangers(info, evidence)
    planned = evidence.kept().get(info.path)
    return planned.storage_class if planned else class_of_name(name)


def judge_object(info: ObjectInfo, evidence: Evidence, now: float, in_use: InUse) -> Verdict:
    """Return what is to become of an object; None when it is as it should be."""
    name = parse(info.path)
    if name is None:
        return Refusal(info, "its name is none of ours")
    wish = wish_for(info, name, evidence, now)
    if not isinstance(wish, Removal):
        return wish
    stranger = why_not_ours(info, name)
    if stranger:
        return Refusal(info, stranger)
    if now - info.updated_at < GRACE_S:
        return None
    if in_use(info.path):
        return Refusal(info, "it is on air, or held for a slot")
    return wish


def wish_for(info: ObjectInfo, name: ObjectName, evidence: Evidence, now: float) -> Verdict:
    """Return what would become of an object if it is ours, old enough and in nobody's use."""
    if name.category in ("quarantine", "cache"):
        return _by_age(info, name, evidence, now)
    if evidence.case is None:
        return _of_no_work(info, name)
    work = evidence.case.work
    if (work.owner, work.brand) != (name.owner, name.brand):
        return Refusal(info, f"{work.id} is a work of {work.owner}/{work.brand}")
    planned = evidence.kept().get(info.path)
    if planned is None:
        return _superseded(info, name, evidence)
    return _planned(info, name, planned, evidence, now)


def _by_age(info: ObjectInfo, name: ObjectName, evidence: Evidence, now: float) -> Verdict:
    cls = class_of_name(name)
    origin = origin_of(info) if cls is StorageClass.QUARANTINE else None
    if origin is not None and _is_wanted(origin.path, evidence):
        return Removal(info, cls, Act.ADOPT, "a plan wants it again, and its place is empty")
    if not Kept(cls, info.updated_at).is_over(now):
        return None
    return Removal(info, cls, Act.DELETE, _is_past(cls))


def _is_wanted(path: str, evidence: Evidence) -> bool:
    if evidence.case is None or evidence.archived:
        return False
    planned = {a.path for a in evidence.case.work.plan.artifacts() if a.keep is not Keep.RAW}
    return path in planned and path not in (evidence.sightings or {})


def _of_no_work(info: ObjectInfo, name: ObjectName) -> Verdict:
    cls, why = class_of_name(name), "there is no work of that name"
    if cls is StorageClass.RECEIPT:
        return Refusal(info, f"{why}, but a receipt proves that something happened")
    act = Act.DELETE if cls is StorageClass.RAW else Act.QUARANTINE
    return Removal(info, cls, act, why, guarded=True)


def _superseded(info: ObjectInfo, name: ObjectName, evidence: Evidence) -> Verdict:
    cls, why = class_of_name(name), "its revision was superseded"
    if cls is StorageClass.RECEIPT:
        return Refusal(info, f"{why}, but a receipt proves that something happened")
    if cls is StorageClass.RAW:
        return Removal(info, cls, Act.DELETE, why)
    if evidence.sightings is not None and not (evidence.complete or evidence.archived):
        return Refusal(info, f"{why}, but not everything of the present one is verified yet")
    return Removal(info, cls, Act.QUARANTINE, why, guarded=True)


def _planned(
    info: ObjectInfo, name: ObjectName, planned: Kept, evidence: Evidence, now: float
) -> Verdict:
    assert evidence.case is not None
    archived_at = evidence.case.work.archived_at
    cls = planned.storage_class
    if cls is StorageClass.RAW:
        # While a work lives, ``settle`` knows better which of its raw files are spent.
        put_away = archived_at is not None and now - archived_at >= GRACE_S
        if put_away and name.category == "raw":
            return Removal(info, cls, Act.DELETE, "its work was put away")
        return None
    if planned.is_over(now) and (evidence.complete or evidence.archived):
        return Removal(info, cls, Act.DELETE, _is_past(cls))
    return None


def _is_past(cls: StorageClass) -> str:
    rule = POLICY[cls]
    assert rule.keep_s is not None
    return f"it is kept for {rule.keep_s / 3600:g} h after {rule.since}"


def _class_of_strangers(info: ObjectInfo, evidence: Evidence) -> StorageClass:
    """Return how others' bytes count: as a final where they are what the plan wants."""
    seen = (evidence.sightings or {}).get(info.path)
    planned = evidence.kept().get(info.path)
    if planned is not None and seen is not None and seen.valid:
        return planned.storage_class
    return StorageClass.STRAY
