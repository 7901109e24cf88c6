"""kill -9 of the studio in the middle of real renders: their tools die with it, by themselves."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from lib.app.case import WORKS, walk
from lib.ports import Query
from lib.settings import ROOT
from lib.wiring.local import open_local
from tests.app.crank import settings_below
from tests.app.instant import InstantTools
from tests.e2e.processes import children, gone_within, runs, words
from tests.e2e.test_cli import BRAND, run, until

#: Seconds within which the tools of a killed studio are gone; they only have to be scheduled.
ORPHANS_S = 2.0
#: Seconds that a tool has been at work when its studio is killed. A reel is at work for longer.
EARLIEST_S, LATEST_S = 0.3, 1.5
UP = (sys.executable, "-m", "lib.cli", "up", "--no-demo", "--once", "--port", "0")


def tools(pid: int) -> set[int]:
    return runs(children(pid))


def encoders(pid: int) -> set[int]:
    return {child for child in children(pid) if any("ffmpeg" in word for word in words(child)[:1])}


def killed(data: Path, at_work: Callable[[int], set[int]], after_s: float) -> set[int]:
    """Start the studio, kill it a while after something is at work; return its tools then."""
    process = subprocess.Popen(
        [*UP, "--data", str(data)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        assert until(lambda: bool(at_work(process.pid))), "no tool was seen at work"
        time.sleep(after_s)
        family = children(process.pid)
        assert process.poll() is None, "the studio was through before it was killed"
    finally:
        process.kill()  # the studio alone, not its group
        _, errors = process.communicate()
    assert errors == b"", errors.decode()
    return family


def test_three_kills_in_real_renders_leave_no_process_and_lose_nothing(tmp_path: Path) -> None:
    rng = random.Random(3)
    data = tmp_path / "data"
    begun = run("burst", "--brands", BRAND, "--posts", "1", "--reels", "1", "--json", data=data)
    assert begun.code == 0
    for seen in (tools, tools, encoders):
        family = killed(data, seen, rng.uniform(EARLIEST_S, LATEST_S))
        left = gone_within(family, ORPHANS_S)
        assert left == set(), [words(pid) for pid in left]

    last = run("up", "--no-demo", "--once", "--port", "0", data=data)
    assert last.code == 0, last.out + last.err
    jobs = run("jobs", "--json", data=data).json
    assert [job["phase"] for job in jobs] == ["ready", "ready"]
    verified = run("verify", "--json", data=data)
    assert (verified.code, verified.json["lies"], verified.json["works"]) == (0, 0, 3)

    local = open_local(settings_below(tmp_path), tools=InstantTools())
    try:
        cases = [r.data for r in walk(local.studio, Query(WORKS, order_by="created_at"))]
    finally:
        local.close()
    outcomes: Counter[str] = Counter()
    for case in cases:
        attempts = case["attempts"].values()
        outcomes.update(a["outcome"] for a in attempts)
        finished = Counter(a["step"] for a in attempts if a["outcome"] == "ok")
        assert all(count == 1 for count in finished.values()), (case["work"]["id"], finished)
    assert set(outcomes) == {"ok", "lost"}, outcomes
    assert outcomes["lost"] >= 3
    assert list((data / "scratch").glob("run-*")) == []
    assert list((data / "scratch" / "finished").iterdir()) == []
