"""The render workers: processes that may die alone, and must never outlive their studio."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lib.app import views
from lib.app.case import WORKS, walk
from lib.app.intake import create_burst
from lib.embedded import running
from lib.ports import Query
from lib.settings import ROOT
from lib.wiring.local import LocalStudio
from tests.app.crank import OWNER, settings_below
from tests.e2e.processes import children, gone_within, words
from tests.e2e.slow_studio import WORKER, open_studio
from tests.waiting import until

#: Seconds within which anything here happens; far more than it takes.
LIMIT_S = 60.0
#: Seconds within which a worker that was told to end is gone.
GONE_S = 2.0


@pytest.fixture
def local(tmp_path: Path) -> Any:
    studio = open_studio(settings_below(tmp_path))
    yield studio
    studio.close()


def workers() -> set[int]:
    return {pid for pid in children(os.getpid()) if tuple(words(pid)[1:4]) == WORKER[1:]}


def ledger(local: LocalStudio) -> list[tuple[str, dict[str, Any]]]:
    cases = [r.data for r in walk(local.studio, Query(WORKS, order_by="created_at"))]
    return [(c["work"]["id"], attempt) for c in cases for attempt in c["attempts"].values()]


def attempts(local: LocalStudio) -> list[dict[str, Any]]:
    return [attempt for _, attempt in ledger(local)]


def rendering(local: LocalStudio) -> bool:
    return any(
        (a["executor"] or "").startswith("worker-") and not a["ended_at"] for a in attempts(local)
    )


def burst(local: LocalStudio, posts: int) -> str:
    brand = local.studio.brands.slugs()[0]
    spec = {"kind": "test", "brands": [brand], "posts": posts, "reels": 0}
    return create_burst(local.studio, OWNER, OWNER, spec, key="crew").id


def test_a_worker_that_dies_takes_its_attempt_with_it_and_is_replaced(local: LocalStudio) -> None:
    with running(local, program=WORKER):
        assert until(lambda: len(workers()) == local.settings.render_workers, LIMIT_S)
        first = workers()
        id_ = burst(local, posts=4)
        assert until(lambda: rendering(local), LIMIT_S)
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        assert until(lambda: not views.burst(local.studio, OWNER, id_)["active"], LIMIT_S)
        assert len(workers() - first) == local.settings.render_workers
        assert {job["phase"] for job in views.jobs(local.studio, OWNER)} == {"ready"}
        died = [a for a in attempts(local) if a["outcome"] == "failed"]
        assert {a["message"] for a in died} == {"its worker died"}
        finished = Counter((w, a["step"]) for w, a in ledger(local) if a["outcome"] == "ok")
        assert set(finished.values()) == {1}
        assert all(a["ended_at"] for a in attempts(local) if a["started_at"])
        assert local.queue.dead() == []


def test_a_studio_that_stops_ends_its_workers_at_once(local: LocalStudio) -> None:
    with running(local, program=WORKER):
        burst(local, posts=4)
        assert until(lambda: rendering(local), LIMIT_S)
        alive = workers()
        assert alive
        began = time.monotonic()
    assert time.monotonic() - began < 2 * GONE_S
    assert gone_within(alive, GONE_S) == set()
    assert list((local.settings.data / "scratch").glob("run-*")) == []


def test_a_worker_whose_studio_is_gone_before_it_asks_does_nothing(tmp_path: Path) -> None:
    orders = {"executor": "worker-x", "parent": 1, "data": str(tmp_path), "assets": "x"}
    done = subprocess.run(
        WORKER, input=json.dumps(orders).encode(), cwd=ROOT, timeout=LIMIT_S, check=False
    )
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_worker_whose_studio_was_killed_before_it_gave_orders_ends_in_silence() -> None:
    worker = subprocess.run(WORKER, cwd=ROOT, input=b"", capture_output=True, check=False)
    assert (worker.returncode, worker.stdout, worker.stderr) == (0, b"", b"")
