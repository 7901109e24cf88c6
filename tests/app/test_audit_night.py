"""The nightly pass: a chain of tasks that audits everything once, and that nothing stops."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from lib.app.audit import Report, night, reconcile
from lib.app.audit import run as audit
from lib.app.audit.name_order import id_of
from lib.app.events import task_delivered
from lib.app.studio import Studio
from lib.app.sweep import sweep
from lib.core.errors import Unavailable
from lib.ports import Task
from tests.app.counted import Counted, counted
from tests.app.crank import Crank
from tests.app.planted import NESTED, file_of, lose_events, made, summary

BRANDS = ("kitchen-proof", "night-sky", "two-wheels")


@pytest.fixture
def large(crank: Crank, monkeypatch: pytest.MonkeyPatch) -> Crank:
    """A studio of three brands, of which a tick shows two works and a task three, at midnight."""
    monkeypatch.setattr(audit, "SLICE_WORKS", 2)
    monkeypatch.setattr(night, "TASK_WORKS", 3)
    for brand in BRANDS:
        made(crank, *(f"{brand}-{i}" for i in NESTED), brand=brand)
    until_midnight(crank)
    return crank


ALL = {f"{brand}-{i}" for brand in BRANDS for i in NESTED}


def until_midnight(crank: Crank) -> None:
    crank.clock.advance(night.PERIOD_S - crank.clock.now() % night.PERIOD_S)


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Which works the tasks of the night judged, and how often."""
    seen: Counter[str] = Counter()

    def noted(studio: Any, pair: Any, *rest: Any) -> None:
        seen.update([id_of(pair.record)] if pair.record else [])
        audit.judge_pair(studio, pair, *rest)

    monkeypatch.setattr(night, "judge_pair", noted)
    return seen


def lose_one_in_each_brand(crank: Crank) -> set[str]:
    lost = {f"{brand}-ba": brand for brand in BRANDS}
    for work_id, brand in lost.items():
        file_of(crank, work_id, brand=brand).unlink()
    lose_events(crank)
    return set(lost)


def tasks_of_a_night(
    studio: Studio, queue: Counted, *deadly: type[BaseException]
) -> Iterator[Task]:
    """Deliver every task of a night, though some kill who carries them out; yield each."""
    night.begin_night(studio)
    done = 0
    while done < len(queue.calls):
        _, (task,), _ = queue.calls[done]
        done += 1
        if "audit" in task.payload:
            with contextlib.suppress(*deadly):
                assert task_delivered(studio, task.payload)[1] == 200
            yield task
        assert done < 200


def test_every_work_is_audited_once_and_what_is_lost_is_mended(
    large: Crank, met: Counter[str]
) -> None:
    lost = lose_one_in_each_brand(large)
    night.begin_night(large.studio)
    large.until_quiet()
    assert met == Counter(ALL)
    assert {work_id for work_id, _, number in large.delivered if number == 2} == lost
    assert reconcile(large.studio) == Report(checked=len(ALL))


def test_a_small_studio_sends_no_task_at_any_time(crank: Crank) -> None:
    made(crank, *NESTED)
    for _ in range(48):
        studio, _, _, queue = counted(crank.studio)
        sweep(studio)
        assert queue.calls == []
        crank.clock.advance(1800)
    until_midnight(crank)
    studio, _, _, queue = counted(crank.studio)
    sweep(studio)
    assert queue.calls == []


def test_the_ticks_of_a_day_begin_it_once(large: Crank, met: Counter[str]) -> None:
    for _ in range(90):
        sweep(large.studio)
        large.until_quiet()
        large.clock.advance(60)
    assert met == Counter(ALL)
    until_midnight(large)
    sweep(large.studio)
    large.until_quiet()
    assert met == Counter([*ALL, *ALL])


def test_the_names_of_one_day_are_not_those_of_another(large: Crank) -> None:
    studio, _, _, queue = counted(large.studio)
    for _ in range(3):
        night.begin_night(studio)  # a name may be remembered for a day
        large.clock.advance(night.PERIOD_S)
    assert len({task.name for _, (task,), _ in queue.calls}) == 3


def test_a_pass_in_which_nothing_is_wrong_writes_and_deletes_nothing(large: Crank) -> None:
    studio, objects, records, queue = counted(large.studio)
    sent = list(tasks_of_a_night(studio, queue))
    assert set(records.counts) <= {"query", "get"}
    assert set(objects.counts) == {"list"}
    # One that begins it; for each brand three slices of eight works, one of which may be the end.
    assert len(sent) <= 1 + len(BRANDS) * 4


def pass_the_night(large: Crank, deadly: type[BaseException]) -> None:
    """Deliver every task of a night once, though some of them kill who carries them out."""
    studio, _, _, queue = counted(large.studio)
    for _ in tasks_of_a_night(studio, queue, deadly):
        pass


def test_a_brand_that_kills_its_task_hides_none_behind_it(
    large: Crank, met: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = night.judge_pair

    class Killed(BaseException):
        pass

    def deadly(studio: Any, pair: Any, *rest: Any) -> None:
        if pair.record and id_of(pair.record).startswith(BRANDS[0]):
            raise Killed
        real(studio, pair, *rest)

    monkeypatch.setattr(night, "judge_pair", deadly)
    pass_the_night(large, Killed)
    assert set(met) == {i for i in ALL if not i.startswith(BRANDS[0])}


def test_a_work_whose_correction_kills_its_task_hides_none_behind_it(
    large: Crank, met: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_one_in_each_brand(large)

    def deadly(*args: Any, **words: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(audit, "settle", deadly)
    pass_the_night(large, MemoryError)
    assert set(met) == ALL


def test_a_task_that_comes_twice_corrects_once_and_sends_no_second_chain(
    large: Crank, met: Counter[str]
) -> None:
    lost = lose_one_in_each_brand(large)
    studio, _, _, queue = counted(large.studio)
    for task in tasks_of_a_night(studio, queue):
        task_delivered(studio, task.payload)
    large.until_quiet()
    attempts = Counter(i for i, _, number in large.delivered if number == 2)
    assert attempts == Counter(lost)
    assert {summary(large, i)["phase"] for i in lost} == {"ready"}
    names = [task.name for _, (task,), _ in queue.calls if "audit" in task.payload]
    assert len(set(names)) <= 1 + len(BRANDS) * 4


def test_what_comes_when_its_day_is_over_is_dropped(large: Crank, met: Counter[str]) -> None:
    today = int(large.clock.now() // night.PERIOD_S)
    place = {"audit": today - 2, "place": {}}
    assert task_delivered(large.studio, place)[:2] == ("dropped: that pass is over", 200)
    assert task_delivered(large.studio, {"audit": today + 2, "place": {}})[1] == 200
    assert not large.task()
    assert task_delivered(large.studio, {"audit": today - 1, "place": {}})[0] == "begun"


@pytest.mark.parametrize(
    "payload", [{"audit": "x", "place": {}}, {"audit": 1}, {"audit": None, "place": {}}], ids=str
)
def test_a_payload_that_is_none_is_dropped(large: Crank, payload: Any) -> None:
    assert task_delivered(large.studio, payload)[:2] == (
        "dropped: the payload names no attempt",
        200,
    )


def test_a_bucket_that_is_away_has_the_task_come_again(
    large: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    night.begin_night(large.studio)
    studio, _, _, queue = counted(large.studio)
    begun = {"audit": int(large.clock.now() // night.PERIOD_S), "place": {}}
    task_delivered(studio, begun)
    (_, (first,), _), *_ = queue.calls

    def away(prefix: str, **words: Any) -> Any:
        raise Unavailable("the bucket does not answer")

    with monkeypatch.context() as gone:
        gone.setattr(large.local.objects, "list", away)
        assert task_delivered(studio, first.payload)[1] == 429
    assert task_delivered(studio, first.payload)[1] == 200


def test_a_slice_that_set_enough_going_lets_the_next_wait(
    large: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(night, "PASS_STARTS", 1)
    lose_one_in_each_brand(large)
    studio, _, _, queue = counted(large.studio)
    list(tasks_of_a_night(studio, queue))
    waits = [task for _, (task,), _ in queue.calls if task.not_before > large.clock.now()]
    assert len(waits) == len(BRANDS)
