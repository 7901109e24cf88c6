"""Hundreds of random histories of every shape of plan: the kernel never lies and always ends.

What is held at every observation is in ``histories``; here are the campaign and the question
whether it reached everything that can happen.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.core.rollup import Phase
from tests.core.histories import run_history
from tests.core.plans import shapes

SHAPES = shapes()
SEEDS = st.integers(0, 2**40)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_history_is_truthful_throughout_and_comes_to_an_end(shape: str) -> None:
    plan = SHAPES[shape]

    @settings(max_examples=120, deadline=None, database=None)
    @given(SEEDS)
    def campaign(seed: int) -> None:
        run_history(plan, seed)

    campaign()


def test_a_history_can_be_replayed_from_its_seed() -> None:
    for name, plan in SHAPES.items():
        one, other = run_history(plan, 7), run_history(plan, 7)
        assert one.ledger == other.ledger, name
        assert (one.now, one.seen) == (other.now, other.seen), name


def test_the_histories_reach_every_interesting_state() -> None:
    reached: Counter[str] = Counter()
    for plan in (SHAPES["segment"], SHAPES["reel"], SHAPES["publication"]):
        for seed in range(40):
            reached += run_history(plan, seed).seen
    ends = {f"end: {word}" for word in (Phase.READY, Phase.PARTIAL, Phase.FAILED, Phase.UNSURE)}
    words = {Phase.WORKING, Phase.SCHEDULED, Phase.UNSURE, Phase.PARTIAL, Phase.FAILED}
    faults = {"empty", "junk", "task lost", "dropped", "crashed at once", "ok", "failed", "lost"}
    faults |= {"away"}
    deeds = {"delete", "overwrite", "retry", "asked", "discarded"}
    never = sorted(str(what) for what in ends | words | faults | deeds if not reached[what])
    assert not never, f"a campaign that never reaches this proves nothing about it: {never}"


def test_without_faults_every_work_is_made_in_one_attempt_a_step() -> None:
    for name, plan in SHAPES.items():
        for seed in range(20):
            world = run_history(plan, seed, calm=True)
            assert world.complete(), name
            assert {attempt.number for attempt in world.ledger.values()} == {1}, name
            assert len(world.ledger) == len(plan.steps), name
