"""A plan that was judged, held against the plan, memory and listing of another work.

Called by ``certificate``. Compares records as they are stored; what differs is said to be no.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from lib.app.case import Case
from lib.core.checks import AT_LEAST, AT_MOST, EXACT, NEAR, Check
from lib.core.work import Json, Keep
from lib.ports import ObjectInfo, Record

_NUMBERS = (float, int)
#: Equals nothing that could be stored.
_UNKNOWN: Any = object()


class Bounds:
    """A check, made ready to be asked about many objects."""

    def __init__(self, check: Check) -> None:
        """Read what the check asks for."""
        self.least = max(1, check.min_bytes)
        exact = [name for name in EXACT if getattr(check, name) is not None]
        self._names = itemgetter(*exact)
        self._values: Any = tuple(getattr(check, name) for name in exact)
        if len(exact) == 1:
            self._values = self._values[0]
        near = {name: (getattr(check, name), getattr(check, by)) for name, by in NEAR.items()}
        self._near = [(n, to, by) for n, (to, by) in near.items() if to is not None]
        least = {name: (getattr(check, low), math.inf) for name, low in AT_LEAST.items()}
        most = {name: (-math.inf, getattr(check, high)) for name, high in AT_MOST.items()}
        within = {name: ends for name, ends in (least | most).items() if None not in ends}
        self._within = [(name, low, high) for name, (low, high) in within.items()]
        #: Facts that were found good: those of another object may be the same.
        self.good: Any = _UNKNOWN

    def hold(self, facts: Any) -> bool:
        """Tell whether an object of at least ``least`` bytes and these facts is certainly valid.

        Raises KeyError or TypeError for facts that lack something, or are none.
        """
        if type(facts) is not dict or self._names(facts) != self._values or "unreadable" in facts:
            return False
        is_plain = self.good is _UNKNOWN
        for name, low, high in self._within:
            number = facts[name]
            if type(number) not in _NUMBERS or not low <= number <= high:
                return False
            is_plain = is_plain and number not in (0, 1)
        for name, to, by in self._near:
            number = facts[name]
            if type(number) not in _NUMBERS or not abs(number - to) <= by:
                return False
            is_plain = is_plain and number not in (0, 1)
        if is_plain:  # True equals 1 and is no number, so facts that hold one are not remembered
            self.good = dict(facts)
        return True


class Pattern:
    """A plan, with room for another work's paths and parameters, which no judgement reads."""

    def __init__(self, plan: Json) -> None:
        """Take a stored plan, which must be this pattern's own: it is written into."""
        self._plan = plan
        #: The artifacts that are kept, in the order of a listing.
        self.kept: list[tuple[str, Json, Bounds]] = []
        #: The artifacts that are not: number of the step, place in it, artifact.
        self.raw: list[tuple[int, int, Json]] = []
        self._params = [(n, step) for n, step in enumerate(plan["steps"]) if step.get("params")]

    def fits(self, plan: Json, measured: Json, objects: Sequence[ObjectInfo], size: object) -> bool:
        """Tell whether all is as it was in the work that was judged.

        ``objects`` are as many as that work had; ``size`` is the sum that the summary says.
        """
        total = 0
        for (slot, artifact, bounds), info in zip(self.kept, objects, strict=False):
            memory = measured[slot]
            path, length = info.path, info.size
            if (
                memory["path"] != path
                or memory["generation"] != info.generation
                or memory["size"] != length
                or memory["crc32c"] != info.crc32c
                or type(memory["ours"]) is not bool
                or length < bounds.least
                or (memory["facts"] != bounds.good and not bounds.hold(memory["facts"]))
            ):
                return False
            artifact["path"] = path
            total += length
        steps = plan["steps"]
        for number, step in self._params:
            step["params"] = params = steps[number]["params"]
            if type(params) is not dict:
                return False
        for number, place, artifact in self.raw:
            artifact["path"] = path = steps[number]["makes"][place]["path"]
            if type(path) is not str or any(info.path == path for info in objects):
                return False
        return bool(total == size and plan == self._plan)


def pattern_of(record: Record, case: Case, objects: Sequence[ObjectInfo]) -> Pattern | None:
    """Return the pattern of a ready work; None when its objects are not just those it keeps."""
    plan = copy.deepcopy(record.data["work"]["plan"])
    pattern = Pattern(plan)
    slots: set[str] = set()
    kept: dict[str, tuple[str, Json, Bounds]] = {}
    for number, step in enumerate(case.work.plan.steps):
        for place, artifact in enumerate(step.makes):
            own = plan["steps"][number]["makes"][place]
            slots.add(artifact.slot)
            if artifact.keep is Keep.RAW:
                pattern.raw.append((number, place, own))
            else:
                kept[artifact.path] = (artifact.slot, own, Bounds(artifact.check))
    if {info.path for info in objects} != kept.keys() or len(objects) != len(kept):
        return None
    if len(slots) != len(kept) + len(pattern.raw):
        return None
    pattern.kept = [kept[info.path] for info in objects]
    return pattern
