"""One seed: faults, then quiet, and the verdict."""

from __future__ import annotations

import functools
import logging
import math
from collections import Counter
from dataclasses import dataclass, field

from lib.app.case import ACTIVITY, AUDITS, WORKS
from lib.core.reminders import NUDGE_MAX_S
from lib.core.status import BACKOFF_MAX_S
from lib.core.tools import QUEUES, ladder
from tests.simulation.engine import BEGIN, Violation
from tests.simulation.oracle import Oracle
from tests.simulation.people import People
from tests.simulation.rest import leftover, restless
from tests.simulation.world import SKEW_S, TICK_EVERY_S, World, open_world

#: Steps that wait for one another: a burst's three and three of a reel that is long or narrated;
#: and how long one may take when nothing goes wrong, from its claim to the next one's, seconds.
DEPTH, STEP_S = 6, 120.0
#: How late a task may come that was stored before the quiet, seconds.
LATE_S = 600.0
#: Ticks for which a record that is due to nobody waits, where a slice of the audit holds few works.
AUDIT_SLICES = 10


@functools.cache
def most_passes() -> int:
    """Return how many ticks the studio may need to come to rest, from its own time limits.

    At worst the first step of the deepest chain has an attempt that has just gone silent and then
    waits as long as a step ever waits, or one whose task was lost right after its longest reminder;
    then everything is made. A clock may be behind, and a task late.
    """
    lease_s = max(ladder(queue).lease_s for queue in QUEUES)
    silence_s = max(lease_s + BACKOFF_MAX_S, NUDGE_MAX_S)
    waits_s = silence_s + SKEW_S + LATE_S + DEPTH * STEP_S
    return math.ceil(waits_s / TICK_EVERY_S) + AUDIT_SLICES


@dataclass
class Verdict:
    """What one seed came to."""

    seed: int
    violation: str = ""
    passes: int = 0
    simulated_s: float = 0.0
    port_calls: int = 0
    trace: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    struck: tuple[str, ...] = ()


def run(
    seed: int,
    *,
    minutes: float = 30.0,
    faults: bool = True,
    only: frozenset[str] | None = None,
) -> Verdict:
    """Run one seed and return its verdict; ``only`` lets just these faults strike."""
    logging.getLogger("brandcast").setLevel(logging.CRITICAL)
    world = open_world(seed, faults=faults, only=only)
    engine, verdict = world.engine, Verdict(seed)
    oracle = Oracle(world)
    oracle.watch()
    try:
        world.begin(minutes)
        People(world).begin(minutes)
        engine.run(BEGIN + minutes * 60)
        world.calm()
        before = world.ticks
        while why := restless(oracle):
            verdict.passes = world.ticks - before
            if verdict.passes > most_passes():
                raise Violation(f"the_studio_comes_to_rest: {why}")
            engine.run(engine.now + TICK_EVERY_S)
        _a_pass_over_health_does_nothing(oracle)
    except Violation as violation:
        verdict.violation = str(violation)
    except Exception as error:  # noqa: BLE001 - a campaign tells of it like of any other
        verdict.violation = f"the_simulator_is_whole: {type(error).__name__}: {error}"
    finally:
        world.close()
    _count_ends(oracle)
    verdict.simulated_s = engine.now - BEGIN
    verdict.port_calls, verdict.trace = engine.calls, engine.trace
    verdict.faults, verdict.seen = engine.faults.counts, +engine.seen
    verdict.struck = tuple(engine.faults.struck)
    return verdict


def _a_pass_over_health_does_nothing(oracle: Oracle) -> None:
    world = oracle.world
    engine = world.engine
    # What was still on its way arrives first: events may be an hour late. Nobody hurries.
    world.tick_every_s = 900.0
    engine.run(engine.now + 2 * 3600)
    world.tick_every_s = TICK_EVERY_S
    engine.run(engine.now + 900.0)
    if why := restless(oracle):
        raise Violation(f"rest_lasts: {why}")
    if left := leftover(oracle):
        raise Violation(f"nothing_stays_that_nothing_needs: {left}")
    works = len(world.records.all(WORKS))
    pass_s = TICK_EVERY_S * (2 + works // world.slice_works)
    engine.run(engine.now + pass_s)
    before = _done(world)
    engine.run(engine.now + pass_s)
    if before != _done(world):
        words = f"from {before} to {_done(world)}"
        raise Violation(f"a_pass_over_health_does_nothing: {words}")


def _done(world: World) -> tuple[int, int, int]:
    """Return how many writes, tasks and objects there were; where an audit stands is no news."""
    writes = world.records.writes_of
    told = sum(times for path, times in writes.items() if not path.startswith(AUDITS))
    return told, world.queue.stored, len(world.bucket.lives)


def _count_ends(oracle: Oracle) -> None:
    """Note what everything came to, so that a campaign can be asked whether it saw all of it."""
    seen = oracle.world.engine.seen
    for record in oracle.world.records.all(WORKS):
        seen[f"a work came to be {record.data['summary'].get('phase')}"] += 1
        for entry in record.data["attempts"].values():
            seen[f"an attempt ended {entry['outcome']}"] += 1
    for record in oracle.world.records.all(ACTIVITY):
        seen[f"news: {record.data['code']}"] += 1
