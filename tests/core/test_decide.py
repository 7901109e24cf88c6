"""From a judgement to actions: what is run, what is reminded, what is asked, what is deleted."""

from __future__ import annotations

from lib.core.decide import Ask, Close, Discard, Run, decide
from lib.core.reminders import NUDGE_S
from lib.core.status import assess
from tests.core.plans import (
    HOUR_S,
    T0,
    carousel,
    clips,
    ended,
    failed,
    item,
    publication,
    queued,
    reel,
    run_steps,
    seen,
    seen_all,
    segment,
    shapes,
    started,
)


def test_nothing_is_done_for_a_work_that_is_complete_and_tidy() -> None:
    of = carousel()
    assert decide(of, assess(of, seen_all(of, but=("background",)), (), T0)) == ()


def test_a_step_that_may_run_is_run_as_the_attempt_after_the_last() -> None:
    of = reel()
    ledger = (failed("background", 1, at=T0 - HOUR_S),)
    assert decide(of, assess(of, {}, ledger, T0)) == (Run("background", "background", 2),)


def test_every_step_that_may_run_is_run_in_the_order_of_the_plan() -> None:
    of = clips()
    steps = run_steps(of, assess(of, {}, (), T0))
    assert steps == [f"clip_{i:02}" for i in range(1, 16)]


def test_a_step_at_work_is_left_alone() -> None:
    of = reel()
    bucket = seen(of, "background")
    ledger = (started("stills", at=T0 - 1), queued("reel_video", at=T0 - 1))
    assert decide(of, assess(of, bucket, ledger, T0)) == ()


def test_an_attempt_that_nobody_started_is_reminded_and_is_not_a_new_one() -> None:
    of = reel()
    ledger = (queued("background", 4),)
    for after_s, nudge in ((NUDGE_S, 1), (3 * NUDGE_S, 2)):
        late = assess(of, {}, ledger, T0 + after_s)
        assert decide(of, late) == (Run("background", "background", 4, nudge),)


def test_deciding_twice_gives_the_same_names_so_that_a_doubled_settle_adds_nothing() -> None:
    for of in shapes().values():
        for now in (T0, T0 + 3 * HOUR_S):
            ledger = tuple(queued(s.name, at=T0) for s in of.steps[:1])
            found = assess(of, {}, ledger, now)
            assert decide(of, found) == decide(of, found)


def test_blocked_waiting_failed_and_done_steps_are_not_run() -> None:
    of = segment()
    ledger = (failed("speech", permanent=True),)
    assert decide(of, assess(of, seen(of, "script"), ledger, T0)) == ()
    of = publication()
    assert decide(of, assess(of, {}, (), T0)) == ()


def test_an_unsure_effect_is_asked_about_and_not_run() -> None:
    of = publication()
    bucket = seen(of, "facebook", "youtube")
    found = assess(of, bucket, (ended("instagram"),), T0 + HOUR_S)
    assert decide(of, found) == (Ask("instagram", "sent, but no receipt came back"),)


def test_an_attempt_that_gave_no_answer_is_closed_with_the_end_it_was_judged_to_have() -> None:
    of = reel()
    found = assess(of, {}, (started("background", at=T0 - HOUR_S),), T0)
    assert found.silent
    assert decide(of, found)[-1] == Close(found.silent[0])


def test_runs_come_before_discards_so_that_work_begins_before_tidying() -> None:
    of = segment()
    bucket = seen(of, "script", "speech", "master")
    speech = bucket[item(of, "speech").path]
    assert decide(of, assess(of, bucket, (), T0)) == (Run("air", "air", 1), Discard(speech))
