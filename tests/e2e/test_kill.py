"""kill -9 of the whole studio at random instants: it goes on by itself and loses nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from lib.app import views
from lib.app.case import WORKS, walk
from lib.app.verify import verify
from lib.ports import Query
from lib.settings import ROOT
from lib.wiring.local import open_local
from tests.app.crank import OWNER, settings_below
from tests.app.instant import InstantTools
from tests.rendering import renderings

KILLS = 50
#: Instants of a kill, seconds after the start of the process: from before it opened anything
#: to well within the renders.
EARLIEST_S, LATEST_S = 0.35, 2.2
#: Seconds within which the last, undisturbed run must end.
LIMIT_S = 90.0


def start(folder: Path, bursts: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.e2e.slow_studio", str(folder), str(bursts)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def records(folder: Path) -> list[dict[str, Any]]:
    local = open_local(settings_below(folder), tools=InstantTools())
    try:
        return [r.data for r in walk(local.studio, Query(WORKS, order_by="created_at"))]
    finally:
        local.close()


def rendered_too_often(record: dict[str, Any], book: Counter[str]) -> list[str]:
    """Return what was made more often than attempts of its step died, and once more."""
    lost = Counter(a["step"] for a in record["attempts"].values() if a["outcome"] == "lost")
    return [
        f"{record['work']['id']} {slot}: {book[name]} times, {lost[step]} lost"
        for step, slot, name in renderings(record["work"]["plan"])
        if book[name] > 1 + lost[step]
    ]


def test_fifty_kills_lose_nothing_and_render_nothing_twice_that_was_finished(
    tmp_path: Path,
) -> None:
    rng = random.Random(20)
    kills, bursts = 0, 1
    while kills < KILLS:
        process = start(tmp_path, bursts)
        try:
            process.wait(timeout=rng.uniform(EARLIEST_S, LATEST_S))
            bursts += 1  # everything was made before the kill came: more is asked for
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        _, errors = process.communicate()
        assert process.returncode in (0, -9), errors.decode()
        assert errors == b"", errors.decode()
    last = start(tmp_path, bursts)
    _, errors = last.communicate(timeout=LIMIT_S)
    assert last.returncode == 0, errors.decode()

    local = open_local(settings_below(tmp_path), tools=InstantTools())
    try:
        jobs = views.jobs(local.studio, OWNER)
        assert len(jobs) == 30 * bursts
        assert {job["phase"] for job in jobs} == {"ready"}
        assert verify(local.studio, OWNER).lies == []
        assert local.outbox.pending() == 0
        assert local.queue.dead() == []
    finally:
        local.close()
    book = Counter((tmp_path / "rendered.txt").read_text().splitlines())
    for record in records(tmp_path):
        assert rendered_too_often(record, book) == []
        ends = Counter(a["step"] for a in record["attempts"].values() if a["outcome"] == "ok")
        assert all(count == 1 for count in ends.values()), (record["work"]["id"], ends)
        open_ = [a for a in record["attempts"].values() if a["started_at"] and not a["ended_at"]]
        assert open_ == []
    assert list((tmp_path / "data" / "scratch").glob("run-*")) == []
    assert list((tmp_path / "data" / "scratch" / "finished").iterdir()) == []


def test_a_studio_that_is_stopped_by_a_signal_stops_within_seconds(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "lib.cli", "up", "--no-demo", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--data", str(data)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert b'"started"' in process.stdout.readline()
    begun = time.monotonic()
    process.terminate()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors.decode()
    assert time.monotonic() - begun < 10
