"""Words and totals for people, and the three faults that a burst's phase once had.

The faults: the phase cleared when jobs were only dispatched; it never cleared after a daily
burst; its statistics were read out of log lines and were always 0.
"""

from __future__ import annotations

from typing import Any

import pytest

from lib.core.rollup import SETTLED, BurstPhase, Phase, Totals, burst_phase, phase, rollup
from lib.core.status import assess
from lib.core.work import Attempt, Plan
from tests.core.plans import (
    HOUR_S,
    PICTURE,
    T0,
    artifact,
    carousel,
    ended,
    failed,
    lost,
    plan,
    publication,
    queued,
    reel,
    seen,
    seen_all,
    started,
    step,
)


def word(of: Plan, *slots: str, ledger: tuple[Attempt, ...] = (), now: float = T0) -> Phase:
    """Return the phase of a plan of which these slots are there."""
    return phase(assess(of, seen(of, *slots), ledger, now))


# --- the phase of one work ---------------------------------------------------------------


def test_nothing_asked_for_is_a_draft() -> None:
    assert word(plan()) is Phase.DRAFT


def test_ready_means_every_artifact_and_not_every_attempt() -> None:
    of = reel()
    ledger = tuple(ended(s.name) for s in of.steps)
    assert word(of, ledger=ledger) is Phase.WORKING
    assert phase(assess(of, seen_all(of), (), T0)) is Phase.READY


@pytest.mark.parametrize("attempt", [queued("background"), started("background")])
def test_a_work_with_somebody_at_it_is_working(attempt: Attempt) -> None:
    assert word(reel(), ledger=(attempt,)) is Phase.WORKING


def test_waiting_to_try_again_is_working_and_waiting_for_the_hour_is_scheduled() -> None:
    assert word(reel(), ledger=(failed("background"),)) is Phase.WORKING
    assert word(publication()) is Phase.SCHEDULED
    assert word(publication(), "instagram") is Phase.SCHEDULED


def test_what_waits_for_its_time_is_scheduled_though_another_step_failed() -> None:
    ledger = (failed("instagram", permanent=True),)
    assert word(publication(), ledger=ledger) is Phase.SCHEDULED


def test_a_failure_beside_something_still_running_is_working() -> None:
    of = reel()
    ledger = (failed("stills", permanent=True), started("reel_video"))
    assert word(of, "background", ledger=ledger) is Phase.WORKING


def test_a_stop_is_partial_with_something_made_and_failed_with_nothing() -> None:
    of = reel()
    stopped = (failed("stills", permanent=True), failed("reel_video", permanent=True))
    assert word(of, "background", ledger=stopped) is Phase.FAILED
    assert word(of, "background", "thumbnail", ledger=stopped) is Phase.PARTIAL


def test_an_effect_without_a_receipt_is_unsure_unless_something_failed_as_well() -> None:
    of = publication()
    later = T0 + HOUR_S
    unsure = (ended("youtube"),)
    assert word(of, "instagram", "facebook", ledger=unsure, now=later) is Phase.UNSURE
    ledger = (lost("youtube"), failed("facebook", permanent=True))
    assert word(of, "instagram", ledger=ledger, now=later) is Phase.PARTIAL


def test_an_archived_work_is_archived_whatever_the_bucket_says() -> None:
    for bucket in ({}, seen_all(reel())):
        assert phase(assess(reel(), bucket, (), T0), archived=True) is Phase.ARCHIVED


def test_what_needs_something_that_nobody_makes_has_stopped() -> None:
    of = plan(step("draw", artifact("page", "posts", PICTURE), needs=("nothing",)))
    assert word(of) is Phase.FAILED
    both = plan(*of.steps, step("paint", artifact("cover", "posts", PICTURE)))
    assert word(both, "cover") is Phase.PARTIAL


# --- totals ------------------------------------------------------------------------------


def summaries(*words: Phase, done: int = 0, total: int = 4) -> list[dict[str, Any]]:
    """Return the summaries that settle would have written for works in these phases."""
    made = {Phase.READY: total, Phase.PARTIAL: 1}
    return [{"phase": w.value, "done": made.get(w, done), "total": total} for w in words]


def test_every_work_is_counted_once_under_its_phase() -> None:
    totals = rollup(summaries(*Phase))
    assert totals.works == len(Phase)
    assert totals.by_phase == {w.value: 1 for w in Phase}
    assert sum(totals.by_phase.values()) == totals.works


def test_active_are_those_that_still_move_by_themselves() -> None:
    assert rollup(summaries(Phase.WORKING, Phase.SCHEDULED)).active == 2
    assert rollup(summaries(*SETTLED)).active == 0
    assert rollup(summaries(Phase.DRAFT)).active == 0, "a draft waits for a person"
    assert rollup(summaries(Phase.ARCHIVED)).active == 0, "nothing is wanted of it"


def test_works_that_stopped_short_are_failed_and_none_is_counted_as_ready() -> None:
    totals = rollup(summaries(Phase.READY, Phase.PARTIAL, Phase.FAILED, Phase.UNSURE))
    assert (totals.ready, totals.failed) == (1, 3)
    assert (totals.objects_done, totals.objects_total) == (5, 16)


def test_a_work_that_was_never_settled_counts_as_working() -> None:
    assert rollup([{}]).by_phase == {Phase.WORKING: 1}
    assert rollup([{}]).active == 1
    assert (rollup([{}]).objects_done, rollup([{}]).objects_total) == (0, 0)


def test_no_works_give_zero_of_everything() -> None:
    nothing = rollup([])
    assert nothing == Totals(0, 0, {}, 0, 0)
    assert (nothing.ready, nothing.failed) == (0, 0)


# --- the burst ---------------------------------------------------------------------------

READY = Phase.READY


def burst_word(own: Phase, ordered: int | None, *children: Phase) -> BurstPhase:
    """Return the word for a burst with these children."""
    return burst_phase(own, ordered, rollup(summaries(*children)))


def test_fault_1_the_phase_does_not_clear_when_jobs_are_only_dispatched() -> None:
    dispatched = (Phase.WORKING,) * 3
    assert burst_word(READY, 3, *dispatched) is BurstPhase.MAKING
    assert burst_word(READY, 3, READY, READY, Phase.WORKING) is BurstPhase.MAKING
    assert burst_word(READY, 3, READY, READY, Phase.SCHEDULED) is BurstPhase.MAKING
    assert burst_word(READY, 3, READY, READY, READY) is BurstPhase.COMPLETE


def test_fault_1_a_burst_whose_works_do_not_all_exist_yet_is_not_complete() -> None:
    assert burst_word(READY, 3, READY, READY) is BurstPhase.MAKING
    assert burst_word(READY, 3) is BurstPhase.MAKING
    assert burst_word(Phase.WORKING, None, READY) is BurstPhase.MAKING


@pytest.mark.parametrize("own", sorted(SETTLED))
@pytest.mark.parametrize("children", [(), *((w, READY) for w in sorted(SETTLED))])
def test_fault_2_it_never_sticks_in_live_after_everything_is_settled(
    own: Phase, children: tuple[Phase, ...]
) -> None:
    live = (BurstPhase.PLANNING, BurstPhase.MAKING)
    assert burst_word(own, len(children) or None, *children) not in live


def test_fault_2_a_child_that_is_a_draft_does_not_keep_a_burst_live() -> None:
    assert burst_word(READY, 2, READY, Phase.DRAFT) is BurstPhase.PARTIAL


@pytest.mark.parametrize("own", [Phase.WORKING, Phase.SCHEDULED])
def test_it_is_live_from_the_first_moment(own: Phase) -> None:
    assert burst_word(own, None) is BurstPhase.PLANNING


def test_fault_3_the_numbers_come_from_records_and_not_from_the_text_of_a_log() -> None:
    told = summaries(READY, READY, Phase.FAILED)
    plain = rollup(told)
    talkative = [
        {**s, "reasons": ["Job completed successfully!"], "missing": {"a": "Created 99 jobs"}}
        for s in told
    ]
    mute = [{key: s[key] for key in ("phase", "done", "total")} for s in told]
    assert rollup(talkative) == rollup(mute) == plain
    assert (plain.works, plain.ready, plain.failed) == (3, 2, 1)


def test_complete_is_never_said_while_a_work_failed() -> None:
    assert burst_word(READY, 2, READY, Phase.FAILED) is BurstPhase.PARTIAL
    assert burst_word(READY, 2, READY, Phase.UNSURE) is BurstPhase.PARTIAL
    assert burst_word(READY, 2, Phase.FAILED, Phase.FAILED) is BurstPhase.FAILED
    assert burst_word(READY, 1, Phase.PARTIAL) is BurstPhase.PARTIAL


def test_what_its_owner_put_away_is_not_missed() -> None:
    assert burst_word(READY, 3, READY, READY, Phase.ARCHIVED) is BurstPhase.COMPLETE
    assert burst_word(READY, 3, READY, Phase.FAILED, Phase.ARCHIVED) is BurstPhase.PARTIAL


def test_a_burst_of_no_works_made_nothing() -> None:
    assert burst_word(READY, 0) is BurstPhase.FAILED


def test_a_burst_that_failed_in_planning_is_failed() -> None:
    assert burst_word(Phase.FAILED, None) is BurstPhase.FAILED
    assert burst_word(Phase.PARTIAL, None) is BurstPhase.FAILED


def test_a_burst_that_failed_half_way_through_commissioning_keeps_what_was_made() -> None:
    assert burst_word(Phase.PARTIAL, None, READY, READY) is BurstPhase.PARTIAL
    assert burst_word(Phase.PARTIAL, None, READY, Phase.WORKING) is BurstPhase.MAKING


def test_the_words_of_a_carousel_from_order_to_ready() -> None:
    of = carousel()
    stills = tuple(s for s in (a.slot for a in of.artifacts()) if s != "background")
    story = [
        word(of),
        word(of, ledger=(queued("background"),)),
        word(of, "background", ledger=(ended("background"),)),
        word(of, "background", *stills[:3], ledger=(started("stills"),)),
        word(of, "background", *stills, ledger=(started("stills"),)),
        word(of, *stills, ledger=(ended("stills"),)),
    ]
    assert story == [Phase.WORKING] * 4 + [Phase.READY] * 2
