"""Two thousand worlds in which everything fails, and no invariant that breaks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lib.settings import ROOT
from tests.simulation.campaign import Campaign, campaign, words
from tests.simulation.faults import MOST
from tests.simulation.run import run

SEEDS = 2000
#: What a campaign must have come through, or it says nothing about it.
REACHED = frozenset(json.loads(Path(__file__).with_name("reached.json").read_text()))
REGRESSIONS = json.loads(Path(__file__).with_name("regressions.json").read_text())


@pytest.fixture(scope="module")
def done() -> Campaign:
    """Return a campaign over the seeds that every change is held to."""
    return campaign(range(SEEDS))


def test_no_world_breaks_an_invariant(done: Campaign) -> None:
    report = done.report()
    assert report["violations"] == 0, words(report)
    assert report["seeds"] == SEEDS


def test_every_world_comes_to_rest_within_the_passes_that_follow_from_the_time_limits(
    done: Campaign,
) -> None:
    report = done.report()
    assert 0 < report["passes_max"] <= report["passes_allowed"]


def test_every_fault_struck_and_everything_was_reached(done: Campaign) -> None:
    report = done.report()
    struck = {name for name, count in report["faults"].items() if count}
    assert struck == set(MOST), "a fault that never strikes shows nothing"
    assert set(report["sometimes"]) >= REACHED


@pytest.mark.parametrize("known", REGRESSIONS, ids=[str(r["seed"]) for r in REGRESSIONS])
def test_a_world_that_once_broke_holds(known: dict[str, Any]) -> None:
    assert run(known["seed"], minutes=known["minutes"]).violation == "", known["found"]


def test_a_seed_is_the_same_world_whatever_order_python_has(done: Campaign) -> None:
    few = Campaign(done.minutes, done.verdicts[:20]).report()["trace_hash"]
    command = [sys.executable, "-m", "tests.simulation.campaign", "--seeds=20", "--json"]
    for order in ("1", "2"):
        told = subprocess.run(
            [*command, "--jobs=1"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": order},
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(told.stdout)["trace_hash"] == few
