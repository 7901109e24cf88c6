"""A project of clips that got stuck: the state table that people wrote for it, row by row.

The table spoke of a stored status ("was generating", "not generating"). Here there is none:
"generating" is an attempt that is live, "error" is no try being left. Where the judgement
differs from the table, the row says why.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lib.core.decide import Close, Run, decide
from lib.core.rollup import Phase, phase
from lib.core.status import Assessment, Stage, assess
from lib.core.work import Attempt, Plan, Sightings
from tests.core.plans import (
    HOUR_S,
    MINUTE_S,
    T0,
    clips,
    ended,
    item,
    plan,
    queued,
    run_steps,
    seen,
    sight,
    started,
)

COUNT = 15
NAMES = tuple(f"clip_{i:02}" for i in range(1, COUNT + 1))


@dataclass(frozen=True)
class Row:
    """One row: how many clips are in the bucket, who works on the others, and the word."""

    prompts: int
    verified: int
    attempts: tuple[Attempt, ...]
    word: Phase
    runs: int


def live(names: tuple[str, ...], *, since_s: float = MINUTE_S) -> tuple[Attempt, ...]:
    """Return attempts that began so long before T0."""
    return tuple(started(name, at=T0 - since_s) for name in names)


def quiet(names: tuple[str, ...], tries: int) -> tuple[Attempt, ...]:
    """Return attempts that all went quiet hours ago."""
    return tuple(
        started(name, number, at=T0 - (8 - number) * HOUR_S)
        for name in names
        for number in range(1, tries + 1)
    )


TABLE = {
    "prompt_count=0 → draft": Row(0, 0, (), Phase.DRAFT, 0),
    "verified=prompt_count → ready": Row(COUNT, COUNT, (), Phase.READY, 0),
    "verified=prompt_count + was generating → ready": Row(
        COUNT, COUNT, live(NAMES), Phase.READY, 0
    ),
    "0 < verified < prompt_count + generating → generating": Row(
        COUNT, 7, live(NAMES[7:]), Phase.WORKING, 0
    ),
    # The table says "draft": it waits for a person to press Generate. A work is a standing
    # wish, so what is missing is set going at once: working, with the missing clips to run.
    "0 < verified < prompt_count + not generating → draft": Row(COUNT, 7, (), Phase.WORKING, 8),
    # The table says "error" whenever a project without clips "was generating". That fired on
    # projects started a second ago: it had no test of age. Error is here: no try is left.
    "verified=0 + was generating → error": Row(COUNT, 0, quiet(NAMES, 3), Phase.FAILED, 0),
    "verified=0 + was generating a minute ago → generating": Row(
        COUNT, 0, live(NAMES), Phase.WORKING, 0
    ),
    "verified=0 + was generating hours ago, tries left → generating": Row(
        COUNT, 0, quiet(NAMES, 1), Phase.WORKING, 15
    ),
    # The table says "draft"; as above, asking for a work is asking that it be made.
    "verified=0 + not generating → draft": Row(COUNT, 0, (), Phase.WORKING, 15),
    # Not in the table: it had one word, "error", for a stop with and without results.
    "0 < verified < prompt_count + no try left → partial": Row(
        COUNT, 7, quiet(NAMES[7:], 3), Phase.PARTIAL, 0
    ),
}


def judge(project: Plan, bucket: Sightings, ledger: tuple[Attempt, ...] = ()) -> Assessment:
    """Judge a project at T0."""
    return assess(project, bucket, ledger, T0)


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE)
def test_the_state_table(row: Row) -> None:
    project = clips(row.prompts) if row.prompts else plan()
    found = judge(project, seen(project, *NAMES[: row.verified]), row.attempts)
    assert phase(found) is row.word
    assert (found.done, found.total) == (row.verified, row.prompts)
    assert sum(isinstance(action, Run) for action in decide(project, found)) == row.runs


def test_scenario_1_stuck_generating_with_complete_videos() -> None:
    project = clips()
    claims = quiet(NAMES, 1)  # everybody went quiet hours ago, yet every clip is there
    found = judge(project, seen(project, *NAMES), claims)
    assert phase(found) is Phase.READY
    actions = decide(project, found)
    assert all(isinstance(action, Close) for action in actions), "a clip that exists is made again"
    assert len(actions) == len(claims)


def test_scenario_2_partial_generation_creates_only_the_missing_eight() -> None:
    project = clips()
    found = judge(project, seen(project, *NAMES[:7]))
    assert run_steps(project, found) == list(NAMES[7:])
    assert set(found.missing) == set(NAMES[7:])
    assert found.present == frozenset(NAMES[:7])


def test_scenario_3_a_crashed_job_is_given_up_after_its_patience_and_tried_again() -> None:
    project = clips()
    bucket = seen(project, *NAMES[:3])
    crashed = tuple(started(name, at=T0 - 2 * HOUR_S) for name in NAMES)
    found = judge(project, bucket, crashed)
    assert phase(found) is Phase.WORKING, "not an error: it has tries left"
    runs = [action for action in decide(project, found) if isinstance(action, Run)]
    assert [(run.step, run.number) for run in runs] == [(name, 2) for name in NAMES[3:]]
    assert "clip_04: attempt 1 went quiet" in found.reasons


def test_scenario_3_when_no_try_is_left_it_stops_keeps_three_and_a_person_may_retry() -> None:
    project = clips()
    bucket = seen(project, *NAMES[:3])
    found = judge(project, bucket, quiet(NAMES, 3))
    assert phase(found) is Phase.PARTIAL
    assert found.present == frozenset(NAMES[:3])
    assert {type(action) for action in decide(project, found)} == {Close}
    pardoned = tuple(a.model_copy(update={"pardoned": True}) for a in quiet(NAMES, 3))
    again = judge(project, bucket, pardoned)
    assert run_steps(project, again) == list(NAMES[3:])


def test_scenario_4_false_claims_are_found_out_and_mended() -> None:
    project = clips()
    deleted = NAMES[4:7]
    done = tuple(ended(name, at=T0 - HOUR_S) for name in NAMES)  # the ledger claims all 15
    bucket = seen(project, *(name for name in NAMES if name not in deleted))
    found = judge(project, bucket, done)
    assert phase(found) is Phase.WORKING
    assert found.done == 12
    words = "was made, but its object is not in the bucket any more"
    assert found.missing == dict.fromkeys(deleted, words)
    assert run_steps(project, found) == list(deleted)


def test_a_project_started_one_second_ago_is_no_error() -> None:
    project = clips()
    for begun in (queued, started):
        ledger = tuple(begun(name, at=T0 - 1) for name in NAMES)
        found = judge(project, {}, ledger)
        assert phase(found) is Phase.WORKING
        assert set(found.stages.values()) == {Stage.RUNNING}


def test_an_object_of_zero_bytes_or_cut_short_is_not_a_verified_clip() -> None:
    project = clips()
    bucket = seen(project, *NAMES)
    empty, short = item(project, "clip_02"), item(project, "clip_03")
    bucket[empty.path] = sight(empty, size=0)
    bucket[short.path] = sight(short, seconds=3.0)
    found = judge(project, bucket)
    assert found.done == COUNT - 2
    assert found.missing["clip_02"] == "is empty (0 bytes)"
    assert "expected 10" in found.missing["clip_03"]


def test_the_optional_stitch_waits_for_every_clip_and_is_made_once_they_are_there() -> None:
    project = clips(4, stitched=True)
    found = judge(project, seen(project, "clip_01", "clip_02", "clip_03"))
    assert found.stages["stitch"] is Stage.BLOCKED
    found = judge(project, seen(project, "clip_01", "clip_02", "clip_03", "clip_04"))
    assert run_steps(project, found) == ["stitch"]
