"""What the ledger may do: delay a step, explain a failure, stop it. Never make it done."""

from __future__ import annotations

import pytest

from lib.core.decide import Ask, Close, Run, decide
from lib.core.reminders import NUDGE_S
from lib.core.status import (
    BACKOFF_MAX_S,
    BACKOFF_S,
    VANISH_TRIES,
    Stage,
    StepState,
    assess,
)
from lib.core.work import Attempt, Outcome
from tests.core.plans import (
    HOUR_S,
    PATIENCE_S,
    PICTURE,
    T0,
    artifact,
    away,
    ended,
    failed,
    lost,
    plan,
    publication,
    queued,
    run_steps,
    seen,
    segment,
    started,
    step,
)

PAINT = plan(step("paint", artifact("image", "posts", PICTURE)))


def paint(*attempts: Attempt, now: float = T0) -> StepState:
    """Return the state of the one step of a plan of which nothing is made."""
    return assess(PAINT, {}, attempts, now).steps["paint"]


def post(*attempts: Attempt, now: float = T0 + HOUR_S) -> StepState:
    """Return the state of a publication's effect when its time has come."""
    return assess(publication(), {}, attempts, now).steps["instagram"]


# --- live attempts -----------------------------------------------------------------------


def test_a_started_attempt_is_running_until_its_patience_ends() -> None:
    state = paint(started("paint", at=T0), now=T0 + PATIENCE_S - 0.001)
    assert (state.stage, state.number, state.nudge) == (Stage.RUNNING, 1, 0)
    assert state.due_at == T0 + PATIENCE_S


def test_an_attempt_that_went_quiet_is_given_up_and_the_next_one_may_run_at_once() -> None:
    state = paint(started("paint", at=T0), now=T0 + PATIENCE_S)
    assert (state.stage, state.number) == (Stage.READY, 2)
    assert state.reason == "attempt 1 went quiet"


def test_an_old_attempt_that_never_ended_does_not_keep_a_step_busy_for_ever() -> None:
    state = paint(started("paint", at=T0 - 30 * 24 * HOUR_S))
    assert state.stage is Stage.READY


def test_a_superseded_attempt_that_never_ended_does_not_hide_the_later_one() -> None:
    ledger = (started("paint", 1, at=T0 - PATIENCE_S), failed("paint", 2, permanent=True))
    assert paint(*ledger).stage is Stage.FAILED
    ledger = (started("paint", 1, at=T0 - PATIENCE_S), started("paint", 2, at=T0 - 1))
    assert (paint(*ledger).stage, paint(*ledger).number) == (Stage.RUNNING, 2)


def test_a_running_step_stays_running_when_what_it_needs_vanishes() -> None:
    found = assess(segment(), seen(segment(), "script"), (started("master"),), T0)
    assert found.stages["master"] is Stage.RUNNING


# --- attempts that nobody started --------------------------------------------------------


def test_an_enqueued_attempt_is_running_and_is_not_reminded_at_first() -> None:
    state = paint(queued("paint"), now=T0 + NUDGE_S - 0.001)
    assert (state.stage, state.number, state.nudge) == (Stage.RUNNING, 1, 0)
    assert state.due_at == T0 + NUDGE_S


@pytest.mark.parametrize(("nudge", "after"), [(1, 20), (2, 60), (3, 140), (4, 300), (5, 620)])
def test_reminders_of_an_unstarted_attempt_double_their_wait(nudge: int, after: float) -> None:
    before, then = (paint(queued("paint"), now=T0 + after + gap) for gap in (-0.001, 0.0))
    assert before.nudge == nudge - 1
    assert before.due_at == T0 + after
    assert then.nudge == nudge
    assert then.due_at == T0 + 2 * after + NUDGE_S


def test_a_reminder_repeats_the_attempt_that_was_not_started() -> None:
    found = assess(PAINT, {}, (queued("paint", 3),), T0 + NUDGE_S)
    assert decide(PAINT, found) == (Run("paint", "paint", number=3, nudge=1),)


def test_an_attempt_that_nobody_started_is_reminded_for_days_and_counts_as_no_try() -> None:
    ledger = (failed("paint", 1), failed("paint", 2), queued("paint", 3))
    state = paint(*ledger, now=T0 + 48 * HOUR_S)
    assert state.stage is Stage.RUNNING
    assert state.nudge > 10


def test_an_attempt_from_a_clock_that_is_ahead_is_running() -> None:
    state = paint(queued("paint", at=T0 + 5))
    assert (state.stage, state.nudge, state.due_at) == (Stage.RUNNING, 0, T0 + 5 + NUDGE_S)


# --- failures ----------------------------------------------------------------------------


def test_a_failure_that_may_pass_is_tried_again_after_a_wait() -> None:
    state = paint(failed("paint", 1, at=T0), now=T0 + BACKOFF_S - 0.001)
    assert (state.stage, state.number, state.due_at) == (Stage.WAITING, 2, T0 + BACKOFF_S)
    assert paint(failed("paint", 1, at=T0), now=T0 + BACKOFF_S).stage is Stage.READY


def test_the_wait_doubles_with_each_failure_up_to_the_limit() -> None:
    patient = plan(step("paint", artifact("image", "posts", PICTURE), tries=20))
    waits = []
    for count in range(1, 10):
        ledger = [failed("paint", n, at=T0) for n in range(1, count + 1)]
        due_at = assess(patient, {}, ledger, T0).due_at
        assert due_at is not None
        waits.append(due_at - T0)
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert max(waits) == BACKOFF_MAX_S


def test_no_try_is_left_after_as_many_failures_as_the_step_allows() -> None:
    ledger = [failed("paint", n, at=T0 - HOUR_S) for n in (1, 2)]
    assert paint(*ledger).stage is Stage.READY
    state = paint(*ledger, failed("paint", 3, at=T0 - HOUR_S, message="no colours left"))
    assert (state.stage, state.due_at) == (Stage.FAILED, None)
    assert state.reason == "no colours left"


def test_quiet_attempts_count_as_tries_and_the_reason_says_how_long_we_waited() -> None:
    ledger = [started("paint", n, at=T0 - (9 - n) * HOUR_S) for n in (1, 2, 3)]
    state = paint(*ledger)
    assert state.stage is Stage.FAILED
    assert state.reason == "attempt 3 gave no answer within 1800 s"


def test_a_permanent_failure_is_not_tried_again() -> None:
    state = paint(failed("paint", permanent=True, message="the font lacks this letter"))
    assert state.stage is Stage.FAILED
    assert state.reason == "the font lacks this letter"


def test_the_reason_speaks_of_the_last_failure_and_not_of_an_older_silence() -> None:
    ledger = (started("paint", 1, at=T0 - 2 * HOUR_S), failed("paint", 2, at=T0))
    assert "quiet" not in paint(*ledger).reason


def test_lost_attempts_do_not_count_as_tries() -> None:
    ledger = [lost("paint", n) for n in range(1, 8)]
    state = paint(*ledger)
    assert (state.stage, state.number) == (Stage.READY, 8)
    assert paint(*ledger, failed("paint", 8, at=T0 - HOUR_S)).stage is Stage.READY


def test_attempts_that_could_not_reach_what_they_need_do_not_count_as_tries_but_wait_longer() -> (
    None
):
    ledger = [away("paint", n) for n in range(1, 8)]
    state = paint(*ledger)
    assert (state.stage, state.number) == (Stage.WAITING, 8)
    assert state.reason == "the bucket could not be reached"
    assert state.due_at == T0 + BACKOFF_MAX_S
    assert paint(away("paint")).due_at == T0 + BACKOFF_S
    assert paint(away("paint", at=T0 - HOUR_S)).stage is Stage.READY
    assert paint(*ledger, failed("paint", 8, at=T0 - HOUR_S)).stage is Stage.READY


def test_a_success_between_failures_begins_the_count_anew() -> None:
    ledger = [failed("paint", n, at=T0 - HOUR_S) for n in (1, 2)]
    ledger += [ended("paint", 3), failed("paint", 4, at=T0 - HOUR_S)]
    assert paint(*ledger, failed("paint", 5, at=T0 - HOUR_S)).stage is Stage.READY
    ledger = [ended("paint", 1), failed("paint", 2, at=T0 - HOUR_S), ended("paint", 3)]
    ledger += [failed("paint", n, at=T0 - HOUR_S) for n in (4, 5)]
    assert paint(*ledger).stage is Stage.READY, "it counts from the last success"


def test_an_open_attempt_behind_a_later_one_is_given_its_patience_all_the_same() -> None:
    state = paint(started("paint", 1, at=T0 - 1), lost("paint", 2, at=T0))
    assert (state.stage, state.number) == (Stage.WAITING, 3)
    assert state.due_at == T0 - 1 + PATIENCE_S


def test_whoever_keeps_deleting_what_was_made_is_not_fed_for_ever() -> None:
    ledger = [ended("paint", n) for n in range(1, VANISH_TRIES)]
    assert paint(*ledger).stage is Stage.READY
    state = paint(*ledger, ended("paint", VANISH_TRIES))
    assert state.stage is Stage.FAILED
    assert state.reason == "was made 10 times, and each time its object was gone again"


def test_a_failed_step_blocks_what_needs_it_and_nothing_else() -> None:
    of = segment()
    found = assess(of, {}, (failed("script", permanent=True),), T0)
    assert found.stages["script"] is Stage.FAILED
    assert found.stages["speech"] is Stage.BLOCKED
    assert found.reasons == ("script: quota is spent",)
    assert found.due_at is None


# --- pardons -----------------------------------------------------------------------------


def pardoned(*attempts: Attempt) -> list[Attempt]:
    """Return the attempts as they are after a person asked to try again."""
    return [attempt.model_copy(update={"pardoned": True}) for attempt in attempts]


def test_a_pardon_gives_a_failed_step_all_its_tries_back_at_once() -> None:
    old = pardoned(*(failed("paint", n, permanent=True) for n in (1, 2, 3)))
    assert (paint(*old).stage, paint(*old).number) == (Stage.READY, 4)
    assert paint(*old, failed("paint", 4), failed("paint", 5)).stage is Stage.WAITING
    later = [failed("paint", n) for n in (4, 5, 6)]
    assert paint(*old, *later).stage is Stage.FAILED


def test_a_pardon_also_forgives_what_vanished() -> None:
    old = pardoned(*(ended("paint", n) for n in range(1, VANISH_TRIES + 1)))
    assert paint(*old).stage is Stage.READY


def test_a_pardoned_attempt_that_never_ended_is_not_waited_for() -> None:
    state = paint(*pardoned(started("paint", at=T0 - 1)))
    assert (state.stage, state.number) == (Stage.READY, 2)


# --- time gates and effects --------------------------------------------------------------


def test_a_publication_waits_for_its_time_and_then_runs_on_every_platform() -> None:
    of = publication()
    early = assess(of, {}, (), T0)
    assert set(early.stages.values()) == {Stage.WAITING}
    assert early.due_at == T0 + HOUR_S
    assert decide(of, early) == ()
    on_time = assess(of, {}, (), T0 + HOUR_S)
    assert run_steps(of, on_time) == ["instagram", "facebook", "youtube"]


@pytest.mark.parametrize(
    "attempt",
    [
        started("instagram", at=T0 - HOUR_S),
        ended("instagram"),
        lost("instagram"),
    ],
    ids=["went quiet", "said ok", "executor died"],
)
def test_an_effect_without_a_receipt_is_unsure_and_is_never_repeated(attempt: Attempt) -> None:
    of = publication()
    for later_s in (HOUR_S, 1000 * HOUR_S):
        found = assess(of, {}, (attempt,), T0 + later_s)
        assert found.stages["instagram"] is Stage.UNSURE
        assert Ask("instagram", "sent, but no receipt came back") in decide(of, found)
        assert "instagram" not in run_steps(of, found)


def test_an_effect_stays_unsure_when_a_later_attempt_failed_for_certain() -> None:
    assert post(started("instagram", at=T0 - HOUR_S), failed("instagram", 2)).stage is Stage.UNSURE


def test_an_effect_that_failed_for_certain_is_tried_again() -> None:
    assert post(failed("instagram", at=T0)).stage is Stage.READY
    assert post(failed("instagram", permanent=True)).stage is Stage.FAILED


def test_an_effect_whose_needs_were_out_of_reach_was_not_sent() -> None:
    assert post(away("instagram", at=T0 - HOUR_S)).stage is Stage.READY


def test_an_effect_that_was_enqueued_and_never_started_was_not_sent() -> None:
    state = post(queued("instagram", at=T0), now=T0 + 30 * HOUR_S)
    assert (state.stage, state.number) == (Stage.RUNNING, 1)
    assert state.nudge > 0


def test_a_receipt_settles_what_was_unsure() -> None:
    of = publication()
    ledger = (started("instagram", at=T0 - HOUR_S),)
    found = assess(of, seen(of, "instagram"), ledger, T0 + HOUR_S)
    assert found.stages["instagram"] is Stage.DONE


def test_an_effect_whose_receipt_was_deleted_is_not_sent_again() -> None:
    assert post(ended("instagram", outcome=Outcome.OK)).stage is Stage.UNSURE


def test_a_person_may_have_an_unsure_effect_sent_again() -> None:
    assert post(*pardoned(started("instagram", at=T0 - HOUR_S))).stage is Stage.READY


def test_one_platform_does_not_hold_up_another() -> None:
    of = publication()
    ledger = (ended("instagram"), failed("facebook", permanent=True))
    found = assess(of, {}, ledger, T0 + HOUR_S)
    assert found.stages["youtube"] is Stage.READY


@pytest.mark.parametrize(
    ("effect", "later", "outcome"),
    [
        (False, False, Outcome.FAILED),
        (False, True, Outcome.FAILED),
        (True, False, Outcome.LOST),
    ],
    ids=["the last one", "an earlier one", "of an effect"],
)
def test_an_attempt_that_went_quiet_is_given_its_end(
    effect: bool, later: bool, outcome: Outcome
) -> None:
    of = plan(step("paint", artifact("picture", "posts", PICTURE), effect=effect))
    quiet = started("paint", at=T0 - 2 * PATIENCE_S)
    ledger = (quiet, failed("paint", 2, permanent=True)) if later else (quiet,)
    found = assess(of, {}, ledger, T0)
    (closed,) = found.silent
    assert (closed.number, closed.outcome) == (1, outcome)
    assert closed.ended_at == T0 - PATIENCE_S
    assert Close(closed) in decide(of, found)
    again = assess(of, {}, (closed, *ledger[1:]), T0)
    assert again.silent == ()
    assert again.stages == found.stages, "closing it changes no judgement"


def test_an_attempt_that_never_began_is_no_try() -> None:
    closed = {"started_at": None, "outcome": Outcome.FAILED, "message": "it broke"}
    ledger = [failed("paint", n, at=T0 - HOUR_S).model_copy(update=closed) for n in (1, 2, 3, 4)]
    state = assess(PAINT, {}, ledger, T0).steps["paint"]
    assert (state.stage, state.number, state.reason) == (Stage.READY, 5, "")


def test_a_failure_with_tries_left_is_told_by_its_stage_and_not_as_a_reason() -> None:
    for now, stage in ((T0, Stage.WAITING), (T0 + HOUR_S, Stage.READY)):
        state = assess(PAINT, {}, [failed("paint", at=T0)], now).steps["paint"]
        assert (state.stage, state.reason) == (stage, "")
