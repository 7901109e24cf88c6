"""With no faults and nobody who repairs, every work is ready at once, and nothing is done twice.

Without this, repair would hide that the fast path is broken: no tick comes here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lib.app import intake
from lib.app.case import WORKS, case_of
from lib.app.intake import Wish
from lib.app.settle import begin, settle
from lib.app.studio import Studio
from lib.core.rollup import Phase
from lib.core.work import Keep, Outcome
from tests.drafts import draft
from tests.simulation.engine import BEGIN
from tests.simulation.oracle import Oracle
from tests.simulation.people import HAND_MADE, OWNER, hand_made
from tests.simulation.world import BRAND, World, open_world

#: What waits for its time needs the clock to come by, and that is the tick.
KINDS = ("post", "burst", *(shape for shape in HAND_MADE if shape != "publication"))


@pytest.fixture
def world() -> Iterator[World]:
    """Return a world in which nothing goes wrong and nothing ticks."""
    opened = open_world(0, faults=False)
    Oracle(opened).watch()
    yield opened
    opened.close()


def order(kind: str) -> Callable[[Studio], object]:
    """Return what asks for a work of this kind."""
    if kind == "post":
        wish = Wish("p-1", OWNER, OWNER, BRAND, "post", draft("A title for it", BRAND))
        return lambda studio: intake.create(studio, wish)
    if kind == "burst":
        spec = {"kind": "test", "brands": [BRAND], "posts": 2, "reels": 1}
        return lambda studio: intake.create_burst(studio, OWNER, OWNER, spec, key="k")
    work = hand_made("h-1", kind, BEGIN)
    return lambda studio: begin(studio, work)


def make(world: World, kind: str) -> None:
    """Have a work of this kind made, and wait for two hours."""
    world.spawn("person:1", order(kind), lambda _result: None, 60)
    world.engine.run(BEGIN + 7200)


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_is_done_once_and_written_down_twice(world: World, kind: str) -> None:
    make(world, kind)
    steps = raws = objects = 0
    for record in world.records.all(WORKS):
        case = case_of(record)
        assert case.summary["phase"] == Phase.READY
        assert all((a.number, a.outcome) == (1, Outcome.OK) for a in case.attempts)
        assert len(case.attempts) == len(case.work.plan.steps)
        steps += len(case.attempts)
        artifacts = case.work.plan.artifacts()
        objects += len(artifacts)
        raws += sum(artifact.keep is Keep.RAW for artifact in artifacts)
        # It is created, every step begins and ends, and the last raw is forgotten once it is gone.
        spent = any(artifact.keep is Keep.RAW for artifact in artifacts)
        assert world.records.writes_of[record.path] == 1 + 2 * len(case.attempts) + spent
    assert world.queue.stored == steps
    assert world.queue.waiting() == []
    assert len(world.bucket.lives) == objects
    assert sum(life.died is not None for life in world.bucket.lives.values()) == raws


@pytest.mark.parametrize("kind", KINDS)
def test_a_handler_that_runs_again_after_success_does_nothing(world: World, kind: str) -> None:
    make(world, kind)
    before = (world.records.writes, world.queue.stored, len(world.bucket.lives))
    for number, task in enumerate(world.handed_over):
        world.deliver_again(f"task:again/{number}", task)
    for number, record in enumerate(world.records.all(WORKS)):
        work_id = case_of(record).work.id
        world.spawn(f"person:open/{number}", lambda s, w=work_id: settle(s, w), print, 60)
    world.engine.run(BEGIN + 9000)
    assert (world.records.writes, world.queue.stored, len(world.bucket.lives)) == before
