"""The oracle calls a fault what is one, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lib.app import intake
from lib.app.case import record_path
from lib.app.intake import Wish
from lib.app.studio import Studio
from lib.ports import Task
from tests.drafts import draft
from tests.simulation.engine import BEGIN, Violation
from tests.simulation.oracle import Oracle
from tests.simulation.people import OWNER
from tests.simulation.world import BRAND, World, open_world

WORK = "p-1"
#: When the work is revised, and how long a slow process thinks, seconds after the beginning.
REVISED_S, SLOW_S = 600.0, 1200.0


@pytest.fixture
def world() -> Iterator[World]:
    """Return a watched world that holds one post of revision 1, which is made."""
    opened = open_world(0, faults=False)
    Oracle(opened).watch()
    wish = Wish(WORK, OWNER, OWNER, BRAND, "post", draft("A title for it", BRAND))
    opened.spawn("person:1", lambda studio: intake.create(studio, wish), lambda _done: None, 60)
    opened.engine.run(BEGIN + REVISED_S / 2)
    yield opened
    opened.close()


def send(world: World, who: str, *, waits_s: float = 0.0) -> None:
    """Have a process look at the work, think, and send a task of always the same name."""

    def look_and_send(studio: Studio) -> None:
        assert studio.records.get(record_path(WORK)) is not None
        world.engine.call("clock", "think", lambda: None, waits_s)
        payload = {"work_id": WORK, "step": "background", "number": 1}
        studio.queue.enqueue(Task("t1", "render", payload))

    world.spawn(who, look_and_send, lambda _done: None, SLOW_S * 2)


def revise(world: World) -> None:
    """Write the next revision into the record."""
    world.records.update(record_path(WORK), {("work", "revision"): 2})


def test_a_slow_senders_task_is_of_the_revision_that_it_saw(world: World) -> None:
    send(world, "step:1")
    send(world, "step:2", waits_s=SLOW_S)
    world.engine.later(REVISED_S, lambda: revise(world))
    world.engine.run(BEGIN + SLOW_S * 3)


def test_one_name_for_the_tasks_of_two_revisions_is_a_fault(world: World) -> None:
    send(world, "step:1")
    world.engine.later(REVISED_S, lambda: revise(world))
    world.engine.later(SLOW_S, lambda: send(world, "step:2"))
    with pytest.raises(Violation, match="a_name_is_of_one_attempt"):
        world.engine.run(BEGIN + SLOW_S * 3)
