"""kill -9 at random instants of a studio that works, with people at it: see ``kill_cycles.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.process.kill_cycles import Campaign

#: Cycles of a run in CI, about 30 s; the command makes as many as it is told to.
CYCLES = 20
#: A campaign that is to find a bug, and ends when it has: at most so many cycles, and cycles between
#: two rests.
FEW, EVERY = 24, 4
#: Seconds of a rest that never comes, with one bug, and of one that a busy machine may take.
SHORT_S, LONG_S = 10.0, 90.0
#: The bug with which a studio never comes to rest.
RESTLESS = "forget_recover"


def test_twenty_kills_under_load_leave_nothing_stuck_lost_or_lied_about(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=7)
    campaign.run(CYCLES)
    assert campaign.violations == []
    figures = campaign.summary()
    assert figures["cycles"] == CYCLES
    # What never happened shows nothing: each of these must have.
    assert set(figures["kills"]) >= {"whole", "studio", "worker"}
    assert set(figures["acts"]) >= {"create", "revise", "delete", "junk", "overwrite", "foreign"}
    assert figures["attempts"]["lost"] > 0
    assert figures["renders"] > figures["works"] > 3 * CYCLES


@pytest.mark.parametrize(
    ("bug", "words"),
    [
        (RESTLESS, "open for ever"),
        ("leave_rooms", "left behind"),
        ("acknowledge_early", "was acknowledged and is gone"),
        ("trust_memory", "is ready, but"),
        ("tidy_up", "was put by a person and is gone"),
    ],
)
def test_a_planted_bug_is_found_by_a_few_kills(tmp_path: Path, bug: str, words: str) -> None:
    rest_s = SHORT_S if bug == RESTLESS else LONG_S
    campaign = Campaign(tmp_path, seed=7, bug=bug, rest_s=rest_s, rest_every=EVERY)
    campaign.run(FEW)
    assert words in "\n".join(campaign.violations)
