"""Once a day, all works of a large studio: a chain of tasks for each brand, side by side.

The tick begins it when its own slice did not show everything; ``on_step`` carries it out. Each task
audits a bounded slice of one brand, and its place travels in its payload: nothing is stored. A task
that begins a brand first sends the one that begins the next, and one that goes on is sent before
anything is corrected, so that a poisoned work or brand hides nobody behind it.

The number of the day is in the payload and in the name. Ticks begin it only in the first quarter of
an hour of a day (UTC), and names are remembered for an hour: it begins once. What arrives more than
a day late is dropped, so no chain outlives the next one.
"""

from __future__ import annotations

from lib.app.audit.certificate import Certificates
from lib.app.audit.merge_join import Place, Walk
from lib.app.audit.run import PASS_STARTS, Manner, Report, conclude, judge_pair
from lib.app.audit.suspect import Batch
from lib.app.journal import note
from lib.app.studio import Studio
from lib.core.errors import Unavailable
from lib.core.paths import fingerprint
from lib.core.work import Json
from lib.ports import Task

#: Seconds from one pass over everything to the next, and those in which ticks may begin it.
PERIOD_S = 86_400.0
BEGIN_S = 900.0
#: What one task does at most: works, calls that list, and seconds, far below the queue's limit.
TASK_WORKS = 1000
TASK_CALLS = 60
TASK_S = 60.0
#: Seconds that a chain rests after a slice that set as much going as one pass may.
REST_S = 300.0
QUEUE = "desk"


def begin_night(studio: Studio) -> None:
    """Begin the pass over everything when its time has come. Raises nothing for a queue away."""
    day, into_s = divmod(studio.clock.now(), PERIOD_S)
    if into_s >= BEGIN_S:
        return
    try:
        _send(studio, int(day), None)
    except Unavailable as error:
        note("audit_postponed", f"the next tick tries again: {error}")


def audit_brand(studio: Studio, day: int, place: Json) -> str:
    """Audit the slice of a brand that begins at a stored place; return in words what came of it.

    No place is the beginning of everything. Raises Unavailable when it should be tried again.
    """
    begin = Place.of_json(place)
    if day not in (today := int(studio.clock.now() // PERIOD_S), today - 1):
        return "dropped: that pass is over"
    walk = Walk(studio, begin, most=TASK_WORKS, one_brand=True)
    if begin is None or (begin.read is None and not begin.passed):
        following = walk.brand_behind(begin)
        if following is not None:
            _send(studio, day, following)
    if begin is None:
        return "begun"
    report, batch = Report(), Batch()
    failure = _judge_slice(studio, walk, report, batch)
    if walk.place is not None and not failure:
        rest_s = REST_S if batch.starts >= PASS_STARTS else 0.0
        _send(studio, day, walk.place, rest_s)
    conclude(studio, batch, report, Manner())
    note(
        "audit_slice_ended",
        f"{report.checked} works of {begin.owner}/{begin.brand} were audited",
        checked=report.checked,
        corrections=len(report.corrections),
        unreachable=len(report.unreachable),
    )
    if failure:
        raise Unavailable(failure, retry_after_s=30)
    return f"{report.checked} audited"


def _judge_slice(studio: Studio, walk: Walk, report: Report, batch: Batch) -> str:
    """Judge works until it is enough for one task; return why the brand cannot be walked."""
    known, end = Certificates(), studio.clock.now() + TASK_S
    for pair in walk:
        judge_pair(studio, pair, report, known, batch)
        full = walk.works >= TASK_WORKS or walk.calls >= TASK_CALLS
        if pair.failure or full or batch.starts >= PASS_STARTS or studio.clock.now() >= end:
            return pair.failure
    return ""


def _send(studio: Studio, day: int, place: Place | None, rest_s: float = 0.0) -> None:
    """Enqueue the task that goes on at a place; one of that name is enough."""
    at = [place.owner, place.brand, place.read, place.passed] if place else []
    studio.queue.enqueue(
        Task(
            name=fingerprint("audit", day, at),
            queue=QUEUE,
            payload={"audit": day, "place": place.as_json() if place else {}},
            not_before=studio.clock.now() + rest_s if rest_s else 0.0,
        )
    )
