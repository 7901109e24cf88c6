"""The contract of the port ``Queue`` and of what the far side does with the tasks."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lib.core.errors import Refused
from lib.ports import Task

#: The port whose backends are held to these clauses.
PORT = "queue"


def names(held):
    return sorted(one.task.name for one in held)


def test_a_task_is_handed_over_as_it_was_given(rig, task):
    given = task("work-1", not_before=5.0)
    assert rig.queue.enqueue(given) is True
    (held,) = rig.handovers.take("desk")
    assert held.task == given
    assert held.tries == 1


def test_a_name_in_use_is_false_and_changes_nothing(rig, task):
    rig.queue.enqueue(task("a"))
    assert rig.queue.enqueue(Task("a", "desk", {"other": True})) is False
    (held,) = rig.handovers.take("desk", 10)
    assert held.task.payload == {"work": "a"}


def test_a_name_in_use_is_false_while_the_task_runs(rig, task):
    rig.queue.enqueue(task("a"))
    rig.handovers.take("desk")
    assert rig.queue.enqueue(task("a")) is False


def test_a_finished_name_is_a_tombstone_for_an_hour(rig, task):
    rig.queue.enqueue(task("a"))
    rig.handovers.finish(rig.handovers.take("desk")[0])
    rig.clock.advance(3500)
    assert rig.queue.enqueue(task("a")) is False
    rig.clock.advance(200)
    assert rig.queue.enqueue(task("a")) is True
    assert names(rig.handovers.take("desk")) == ["a"]


def test_of_eight_enqueuers_of_one_name_exactly_one_stores_it(rig, task, together):
    for turn in range(10):
        results = together(8, lambda _, turn=turn: rig.queue.enqueue(task(f"a{turn}")))
        assert sorted(results) == [False] * 7 + [True]
    assert len(rig.handovers.take("desk", 100)) == 10


def test_a_task_is_not_handed_over_before_its_time(rig, task):
    rig.queue.enqueue(task("a", not_before=rig.clock.now() + 100))
    rig.clock.advance(99)
    assert rig.handovers.take("desk") == []
    rig.clock.advance(2)
    assert names(rig.handovers.take("desk")) == ["a"]


def test_a_task_is_with_one_executor_at_a_time(rig, task, together):
    for number in range(60):
        rig.queue.enqueue(task(f"t{number}"))
    taken = together(6, lambda _: [rig.handovers.take("desk", 3) for _ in range(8)])
    found = [held.task.name for batches in taken for batch in batches for held in batch]
    assert len(found) == len(set(found)) == 60


def test_a_finished_task_does_not_come_again(rig, task):
    rig.queue.enqueue(task("a"))
    rig.handovers.finish(rig.handovers.take("desk")[0])
    rig.clock.advance(100_000)
    assert rig.handovers.take("desk") == []


def test_a_task_whose_executor_fell_silent_comes_again(rig, task):
    rig.queue.enqueue(task("a"))
    rig.handovers.take("desk")
    rig.clock.advance(59)
    assert rig.handovers.take("desk") == []
    rig.clock.advance(2)
    (again,) = rig.handovers.take("desk")
    assert (again.task.name, again.tries) == ("a", 2)


def test_a_late_answer_does_not_disturb_the_next_executor(rig, task):
    rig.queue.enqueue(task("a"))
    (late,) = rig.handovers.take("desk")
    rig.clock.advance(61)
    (now,) = rig.handovers.take("desk")
    rig.handovers.fail(late)
    rig.clock.advance(50)
    assert rig.handovers.take("desk") == []
    rig.handovers.finish(now)
    rig.clock.advance(3000)
    assert rig.queue.enqueue(task("a")) is False


def test_a_failed_task_comes_again_and_waits_longer_each_time(rig, task):
    rig.queue.enqueue(task("a"))
    instants = []
    while len(instants) < 6:
        for held in rig.handovers.take("desk"):
            instants.append(rig.clock.now())
            rig.handovers.fail(held)
        rig.clock.advance(0.5)
    pauses = [after - before for before, after in pairwise(instants)]
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 4 * pauses[0]


def test_no_more_tasks_run_at_once_than_the_queue_allows(rig, task):
    for number in range(5):
        rig.queue.enqueue(task(f"t{number}", queue="narrow"))
    running = rig.handovers.take("narrow", 10)
    assert len(running) == 2
    assert rig.handovers.take("narrow", 10) == []
    rig.handovers.finish(running[0])
    assert len(rig.handovers.take("narrow", 10)) == 1


def test_a_failed_task_gives_its_place_to_another(rig, task):
    for number in range(3):
        rig.queue.enqueue(task(f"t{number}", queue="narrow"))
    running = rig.handovers.take("narrow", 10)
    rig.handovers.fail(running[0])
    assert len(rig.handovers.take("narrow", 10)) == 1


def test_a_full_queue_holds_up_no_other(rig, task):
    for number in range(3):
        rig.queue.enqueue(task(f"t{number}", queue="narrow"))
    rig.queue.enqueue(task("d"))
    rig.handovers.take("narrow", 10)
    assert names(rig.handovers.take("desk")) == ["d"]


def test_tasks_start_no_faster_than_the_queue_allows(rig, task):
    for number in range(40):
        rig.queue.enqueue(task(f"t{number}", queue="slow"))
    assert len(rig.handovers.take("slow", 40)) == 5
    started = 0
    for _ in range(20):
        rig.clock.advance(0.1)
        started += len(rig.handovers.take("slow", 40))
    assert 9 <= started <= 11


def test_a_task_that_always_fails_becomes_a_dead_letter(rig, task):
    rig.queue.enqueue(task("a", queue="brief"))
    tries = 0
    for _ in range(50):
        for held in rig.handovers.take("brief"):
            tries += 1
            rig.handovers.fail(held, "poison")
        rig.clock.advance(1.0)
    assert tries == 3
    assert rig.handovers.dead() == ["a"]


def test_a_task_that_always_kills_its_executor_becomes_a_dead_letter(rig, task):
    rig.queue.enqueue(task("a", queue="brief"))
    tries = 0
    for _ in range(10):
        tries += len(rig.handovers.take("brief"))
        rig.clock.advance(61)
    assert tries == 3
    assert rig.handovers.dead() == ["a"]


def test_the_name_of_a_dead_letter_is_in_use(rig, task):
    rig.queue.enqueue(task("a", queue="brief"))
    for _ in range(5):
        rig.handovers.take("brief")
        rig.clock.advance(61)
    assert rig.queue.enqueue(task("a", queue="brief")) is False


def test_a_revived_dead_letter_has_all_its_tries_again(rig, task):
    rig.queue.enqueue(task("a", queue="brief"))
    for _ in range(5):
        rig.handovers.take("brief")
        rig.clock.advance(61)
    assert rig.handovers.revive("a") is True
    assert rig.handovers.dead() == []
    (held,) = rig.handovers.take("brief")
    assert (held.task, held.tries) == (task("a", queue="brief"), 1)
    assert rig.handovers.revive("a") is False


def test_a_queue_that_nobody_serves_is_refused_by_name(rig, task):
    with pytest.raises(Refused, match="nowhere"):
        rig.queue.enqueue(task("a", queue="nowhere"))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä", "a" * 501])
def test_a_name_that_cloud_tasks_would_not_take_is_refused(rig, task, name):
    with pytest.raises(Refused):
        rig.queue.enqueue(task(name))


def test_a_payload_over_the_limit_is_refused(rig):
    with pytest.raises(Refused, match="at most"):
        rig.queue.enqueue(Task("a", "desk", {"text": "x" * 110_000}))
