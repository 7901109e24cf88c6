"""A check that cannot fail is no check: every planted bug is found, within two thousand worlds.

``found.json`` says which world found a bug last, so that most are found by the first that is looked
at; when the studio has changed since, all are looked at from the beginning.
"""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lib.settings import ROOT
from tests.planting import Planter
from tests.simulation.planted import BUGS

FOUND = json.loads(Path(__file__).with_name("found.json").read_text())
#: Seeds within which a bug must be found.
MOST = 2000


def look_for(name: str) -> dict[str, Any]:
    """Plant a bug in a process of its own, and return what the simulator said."""
    command = [sys.executable, "-m", "tests.simulation.detect", name, f"--seeds={MOST}"]
    command += [f"--first={FOUND.get(name, 0)}"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode in (0, 1), told.stderr
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.fixture(scope="module")
def looked() -> dict[str, dict[str, Any]]:
    """Return what became of every bug; two are looked for at a time."""
    with ThreadPoolExecutor(2) as pool:
        return {told["bug"]: told for told in pool.map(look_for, [bug.name for bug in BUGS])}


@pytest.mark.parametrize("name", [bug.name for bug in BUGS])
def test_a_planted_bug_is_found(looked: dict[str, dict[str, Any]], name: str) -> None:
    assert looked[name]["violation"], f"not found within {MOST} worlds"


def test_every_bug_still_applies_and_has_a_name_of_its_own() -> None:
    assert len({bug.name for bug in BUGS}) == len(BUGS) >= 25
    for bug in BUGS:
        Planter(bug.edits)
