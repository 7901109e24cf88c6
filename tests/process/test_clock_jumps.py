"""The machine's clock is set while the studio works: nothing waits for an instant that is over."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.process.account import resting
from tests.process.evidence import Evidence, count_lines
from tests.process.group import Group, kill
from tests.process.kill_cycles import negative
from tests.process.studio import BOOK
from tests.process.world import change
from tests.waiting import until

HOUR_S = 3600.0
#: Seconds within which everything is made, whatever the clock shows.
LIMIT_S = 60.0
BURST = {"kind": "test", "brands": ["two-wheels", "night-sky"], "posts": 1, "reels": 1}


def ask(studio: Group, key: str) -> None:
    studio.client.post("/bursts", {**BURST, "key": key})


def at_work(data: Path) -> bool:
    return any(a["started_at"] for _, a in Evidence(data).attempts(ended_at=None))


def look(studio: Group) -> list[str]:
    """Return the ages below nothing that the API shows."""
    shown = [*studio.client.get("/jobs"), *studio.client.get("/bursts")]
    status = studio.client.get("/status")
    return [one["id"] for one in shown if negative(one)] + [
        "status" for _ in range(1) if (status["elapsed_s"] or 0) < 0
    ]


@pytest.mark.parametrize("jump_s", [-3 * HOUR_S, -90.0, -2.0, 0.3 * HOUR_S, 5 * HOUR_S])
def test_a_clock_that_is_set_while_steps_are_at_work_holds_nothing_up(
    tmp_path: Path, jump_s: float
) -> None:
    data = tmp_path / "data"
    change(tmp_path, tool_s=0.5)
    with Group(tmp_path) as studio:
        assert studio.serves()
        ask(studio, "before")
        assert until(lambda: at_work(data), LIMIT_S), phases(data)
        change(tmp_path, tool_s=0.5, offset_s=jump_s)
        ask(studio, "after")
        wrong = look(studio)
        assert until(lambda: resting(Evidence(data)), LIMIT_S), phases(data)
        wrong += look(studio)
        change(tmp_path)  # and back, with everything at rest
        wrong += look(studio)
        ask(studio, "again")
        assert until(lambda: resting(Evidence(data)), LIMIT_S), phases(data)
    assert wrong == []
    check(data, most=2 if jump_s > 0 else 1)


def test_a_clock_that_was_set_back_while_nobody_ran_holds_nothing_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    change(tmp_path, tool_s=0.3, offset_s=7 * HOUR_S)
    with Group(tmp_path) as studio:
        assert studio.serves()
        ask(studio, "before")
        assert until(lambda: at_work(data), LIMIT_S), phases(data)
    change(tmp_path, offset_s=0.0)
    with Group(tmp_path) as studio:
        assert studio.serves()
        assert until(lambda: resting(Evidence(data)), LIMIT_S), phases(data)
        assert look(studio) == []
    check(data, most=1 + sum(1 for _ in Evidence(data).attempts(outcome="lost")))


def test_a_worker_that_dies_while_the_clock_is_set_back_is_replaced_all_the_same(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    change(tmp_path, tool_s=0.5)
    with Group(tmp_path) as studio:
        assert studio.serves()
        ask(studio, "before")
        assert until(lambda: any((data / "bucket").glob("*/*/raw/*.webp")), LIMIT_S)
        for pid in studio.workers():
            os.kill(pid, signal.SIGSTOP)
        change(tmp_path, offset_s=-2 * HOUR_S)
        for pid in studio.workers():
            kill(pid)
        assert until(lambda: resting(Evidence(data)), LIMIT_S), phases(data)
    check(data, most=3)


def phases(data: Path) -> list[str]:
    works = Evidence(data).works.items()
    return [
        f"{i}: {r['summary']} {r.get('due_at')}"
        for i, r in works
        if r["summary"]["phase"] != "ready"
    ]


def check(data: Path, most: int) -> None:
    """Everything is made, and of what was made nothing oftener than ``most``."""
    seen = Evidence(data)
    assert {r["summary"]["phase"] for r in seen.works.values()} == {"ready"}
    assert list(seen.lies(excused=set())) == []
    attempts = [a for _, a in seen.attempts()]
    assert {a["outcome"] for a in attempts} <= {"ok", "lost", "failed", None}
    # A clock that jumps ahead is silence for who looks at it, and a dead worker is a failed try.
    words = {a["message"] for a in attempts if a["outcome"] == "failed"}
    assert all(w == "its worker died" or "gave no answer within" in w for w in words), words
    assert max(count_lines(data.parent / BOOK).values()) <= most
