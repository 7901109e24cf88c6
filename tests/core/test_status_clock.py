"""``due_at`` is a promise: until then the clock alone changes nothing, and then something is due.

A studio that looks at a work again only at ``due_at`` and when an event comes must miss nothing.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from lib.core.decide import Action, decide
from lib.core.reminders import NUDGE_MAX_S, NUDGE_S, SKEW_S
from lib.core.rollup import Phase, phase
from lib.core.status import Assessment, Stage, assess
from lib.core.work import Attempt, Keep, Outcome, Plan, Sighting
from tests.core.plans import HOUR_S, PATIENCE_S, T0, failed, queued, shapes, sight

SHAPES = shapes()
MOMENTS = st.one_of(
    st.floats(-2 * HOUR_S, 2 * HOUR_S),
    st.sampled_from([0.0, -20.0, -60.0, -5.0, -10.0, -PATIENCE_S, 5.0]),
)


@st.composite
def ledgers(draw: st.DrawFn, of: Plan) -> list[Attempt]:
    """Draw any ledger that verbs, crashes and people can leave behind."""
    entries = []
    for name in (s.name for s in of.steps):
        at = T0 + draw(MOMENTS)
        for number in range(1, 1 + draw(st.integers(0, 4))):
            begun = draw(st.booleans())
            outcome = draw(st.sampled_from([None, *Outcome])) if begun else None
            entries.append(
                Attempt(
                    step=name,
                    number=number,
                    enqueued_at=at,
                    started_at=at if begun else None,
                    ended_at=at + draw(st.floats(0, 60)) if outcome else None,
                    outcome=outcome,
                    permanent=outcome is Outcome.FAILED and draw(st.booleans()),
                    message="it broke" if outcome is Outcome.FAILED else "",
                    pardoned=draw(st.integers(0, 9)) == 0,
                )
            )
            at += draw(st.floats(0, HOUR_S))
    return entries


@st.composite
def buckets(draw: st.DrawFn, of: Plan) -> dict[str, Sighting]:
    """Draw any bucket: each artifact absent, good, empty or unreadable."""
    found = {}
    for artifact in of.artifacts():
        state = draw(st.sampled_from(["absent", "good", "good", "empty", "unreadable"]))
        if state == "good":
            found[artifact.path] = sight(artifact)
        elif state == "empty":
            found[artifact.path] = sight(artifact, size=0)
        elif state == "unreadable":
            found[artifact.path] = sight(artifact, unreadable="no such format")
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[Plan, dict[str, Sighting], list[Attempt]]:
    """Draw a plan of any shape with any evidence."""
    of = SHAPES[draw(st.sampled_from([name for name in SHAPES if name != "clips"]))]
    return of, draw(buckets(of)), draw(ledgers(of))


def answer(of: Plan, found: Assessment) -> tuple[Mapping[str, Stage], tuple[Action, ...], Phase]:
    """Return what the rest of the house sees of a judgement."""
    return found.stages, decide(of, found), phase(found)


@settings(max_examples=300, deadline=None, database=None)
@given(cases(), st.floats(0.0, 0.999))
def test_until_due_at_the_clock_alone_changes_nothing_and_then_something_does(
    case: tuple[Plan, dict[str, Sighting], list[Attempt]], share: float
) -> None:
    of, bucket, ledger = case
    now = assess(of, bucket, ledger, T0)
    if now.due_at is None:
        for later_s in (1.0, HOUR_S, 10_000 * HOUR_S):
            assert answer(of, assess(of, bucket, ledger, T0 + later_s)) == answer(of, now)
        return
    if now.due_at <= T0:
        assert decide(of, now), "due now, so there is something to do now"
        return
    for instant in (T0 + share * (now.due_at - T0), math.nextafter(now.due_at, 0)):
        before = assess(of, bucket, ledger, instant)
        assert answer(of, before) == answer(of, now)
        assert before.due_at == now.due_at
    after = assess(of, bucket, ledger, now.due_at)
    assert answer(of, after) != answer(of, now)


@settings(max_examples=300, deadline=None, database=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_same_evidence_in_any_order_gives_the_same_judgement(
    case: tuple[Plan, dict[str, Sighting], list[Attempt]], chance: random.Random
) -> None:
    of, bucket, ledger = case
    once = assess(of, bucket, ledger, T0)
    assert assess(of, bucket, ledger, T0) == once
    shuffled, items = list(ledger), list(bucket.items())
    chance.shuffle(shuffled)
    chance.shuffle(items)
    assert assess(of, dict(items), shuffled, T0) == once
    assert decide(of, once) == decide(of, once)


@settings(max_examples=300, deadline=None, database=None)
@given(cases())
def test_every_judgement_is_complete_or_due_or_stopped_with_a_reason(
    case: tuple[Plan, dict[str, Sighting], list[Attempt]],
) -> None:
    of, bucket, ledger = case
    found = assess(of, bucket, ledger, T0)
    stuck = not found.complete and found.due_at is None
    assert not stuck or (found.any(Stage.FAILED, Stage.UNSURE) and found.reasons)
    kept = [a for a in of.artifacts() if a.keep is not Keep.RAW]
    good = {a.slot for a in kept if a.path in bucket and bucket[a.path].valid}
    assert found.complete == (len(good) == len(kept))
    assert set(found.missing) == {a.slot for a in kept} - good
    assert all(found.missing.values())
    for name, state in found.steps.items():
        idle = state.stage in (Stage.DONE, Stage.IDLE)
        assert idle == (not state.missing), name
        assert state.reason or state.stage not in (Stage.FAILED, Stage.UNSURE)
        assert (state.due_at is not None) == (
            state.stage in (Stage.RUNNING, Stage.READY, Stage.WAITING)
        )


@settings(max_examples=200, deadline=None, database=None)
@given(cases())
def test_no_evidence_in_the_ledger_changes_what_is_done(
    case: tuple[Plan, dict[str, Sighting], list[Attempt]],
) -> None:
    of, bucket, ledger = case
    with_ledger, without = (assess(of, bucket, entries, T0) for entries in (ledger, []))
    assert with_ledger.present == without.present
    assert with_ledger.done == without.done
    assert with_ledger.complete == without.complete
    assert with_ledger.spent == without.spent


@settings(max_examples=300, deadline=None, database=None)
@given(st.floats(-400 * HOUR_S, 400 * HOUR_S))
def test_a_clock_that_was_set_back_lets_no_lost_task_wait_for_the_same_instant(
    ahead_s: float,
) -> None:
    of = next(iter(SHAPES.values()))
    ledger = [queued(of.steps[0].name, at=T0 + ahead_s)]
    state = assess(of, {}, ledger, T0).steps[of.steps[0].name]
    assert state.stage is Stage.RUNNING
    if abs(ahead_s) > 2 * NUDGE_S:
        assert state.nudge > 0
    assert state.due_at is not None
    assert T0 < state.due_at <= T0 + NUDGE_MAX_S + NUDGE_S


def test_a_task_that_lies_a_little_ahead_is_looked_for_when_its_first_reminder_is_due() -> None:
    of = next(iter(SHAPES.values()))
    for ahead_s in (-SKEW_S, 0.0, SKEW_S, SKEW_S + 1, NUDGE_S - 1):
        enqueued_at = T0 + ahead_s
        state = assess(of, {}, [queued(of.steps[0].name, at=enqueued_at)], T0).steps[
            of.steps[0].name
        ]
        assert (state.nudge, state.due_at) == (0, enqueued_at + NUDGE_S), ahead_s


def test_a_clock_that_was_set_back_ends_every_pause() -> None:
    of = next(iter(SHAPES.values()))
    name = of.steps[0].name
    before = [failed(name, at=T0 + HOUR_S)]
    assert assess(of, {}, before, T0).steps[name].stage is Stage.READY
    skewed = [failed(name, at=T0 + SKEW_S)]
    assert assess(of, {}, skewed, T0).steps[name].stage is Stage.WAITING


def test_it_is_the_latest_setback_whose_pause_counts() -> None:
    of = next(iter(SHAPES.values()))
    name = of.steps[0].name
    before = [failed(name, 1, at=T0 + HOUR_S), failed(name, 2, at=T0 - 1)]
    assert assess(of, {}, before, T0).steps[name].stage is Stage.WAITING


def test_the_limits_are_those_that_were_chosen() -> None:
    """Twenty seconds, doubled up to some twenty minutes; clocks may differ by ten seconds."""
    of = next(iter(SHAPES.values()))
    name = of.steps[0].name
    dues, now = [], T0
    for _ in range(8):
        now = assess(of, {}, [queued(name)], now).steps[name].due_at or 0.0
        dues.append(now - T0)
    assert dues == [20, 60, 140, 300, 620, 1260, 2540, 3820]
    stages = [
        assess(of, {}, [failed(name, at=T0 + ahead_s)], T0).steps[name].stage
        for ahead_s in (10.0, 10.5)
    ]
    assert stages == [Stage.WAITING, Stage.READY]
