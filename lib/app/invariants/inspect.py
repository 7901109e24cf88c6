"""Ask every invariant of a studio that may be at work: reads only, changes nothing.

Called by ``./brandcast audit`` and by the tests of the embedded studio. What is under way while it
looks is not held against anybody: a record that moved meanwhile is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.app.audit.merge_join import Pair, Walk
from lib.app.audit.name_order import id_of
from lib.app.case import case_of, record_path
from lib.app.invariants.breach import Breach
from lib.app.invariants.bucket import of_objects
from lib.app.invariants.record import of_record
from lib.app.studio import Studio


@dataclass(slots=True)
class Inspection:
    """What was looked at, what is not as it must be, and what could not be seen."""

    works: int = 0
    objects: int = 0
    #: Works that were written while they were looked at.
    moving: int = 0
    breaches: list[Breach] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)


def inspect(studio: Studio) -> Inspection:
    """Walk all works beside their objects. Raises Unavailable when records cannot be asked."""
    found = Inspection()
    for pair in Walk(studio):
        _look_at(studio, pair, found)
    return found


def _look_at(studio: Studio, pair: Pair, found: Inspection) -> None:
    objects = {info.path: info for info in pair.objects}
    found.objects += len(objects)
    if pair.failure:
        found.unreachable.append(pair.failure)
    if pair.record is None:
        return
    found.works += 1
    now = studio.clock.now()
    breaches = list(of_record(pair.record, now))
    if not any(breach.invariant == "a_record_can_be_read" for breach in breaches):
        breaches += of_objects(case_of(pair.record), objects, now)
    if not breaches:
        return
    again = studio.records.get(record_path(id_of(pair.record)))
    if again is None or again.version != pair.record.version:
        found.moving += 1
        return
    found.breaches += breaches
