"""The embedded studio's lock and its ticker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from lib.adapters.clock import ManualClock, SystemClock
from lib.adapters.local.lock import StudioLock, holder
from lib.adapters.local.ticker import Ticker
from lib.core.errors import Refused


def fail(name, error):
    raise AssertionError(f"{name} failed") from error


def test_a_second_studio_in_the_folder_is_refused_naming_the_first(tmp_path):
    with StudioLock(tmp_path) as lock:
        lock.announce(8080)
        assert holder(tmp_path) == {"pid": os.getpid(), "port": 8080}
        with pytest.raises(Refused, match=f"process {os.getpid()} .* port 8080"):
            StudioLock(tmp_path)
    assert holder(tmp_path) is None
    StudioLock(tmp_path).release()


def test_a_killed_studio_leaves_no_lock(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; "
        "from lib.adapters.local.lock import StudioLock; "
        "lock = StudioLock(Path(sys.argv[1]), port=1); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        assert holder(tmp_path) == {"pid": other.pid, "port": 1}
        other.kill()
    StudioLock(tmp_path).release()
    assert json.loads((tmp_path / "studio.lock").read_text())["pid"] == os.getpid()


def test_a_job_runs_at_its_rhythm_and_catches_up_one_missed_run():
    clock, runs = ManualClock(0.0), []
    ticker = Ticker(clock, fail)
    ticker.every("sweep", 10, lambda: runs.append(clock.now()))
    for _ in range(41):
        ticker.run_due()
        clock.advance(1)
    assert runs == [0, 10, 20, 30, 40]
    clock.advance(54)
    ticker.run_due()
    ticker.run_due()
    assert runs[5:] == [95]
    clock.advance(5)
    ticker.run_due()
    assert runs[6:] == [100]


def test_a_job_goes_on_when_the_clock_was_set_back():
    clock, runs = ManualClock(1e9), []
    ticker = Ticker(clock, fail)
    ticker.every("sweep", 10, lambda: runs.append(1))
    ticker.run_due()
    clock.advance(-1e8)
    ticker.run_due()
    clock.advance(10)
    ticker.run_due()
    assert len(runs) == 2


def test_a_job_never_overlaps_itself(together):
    clock, inside, most = ManualClock(0.0), [], []
    ticker = Ticker(clock, fail)
    entered, leave = threading.Event(), threading.Event()

    def job():
        inside.append(1)
        most.append(len(inside))
        entered.set()
        leave.wait(10)
        inside.pop()

    ticker.every("slow", 1, job)

    def act(number):
        if number == 0:
            return ticker.run_due()
        entered.wait(10)
        clock.advance(5)
        ran = ticker.run_due()
        leave.set()
        return ran

    assert together(2, act) == [["slow"], []]
    assert most == [1]


def test_a_failing_job_is_told_and_stops_no_other():
    told = []
    ticker = Ticker(ManualClock(), lambda name, error: told.append((name, str(error))))
    ticker.every("bad", 1, lambda: 1 / 0)
    ticker.every("good", 1, list)
    assert ticker.run_due() == ["bad", "good"]
    assert told == [("bad", "division by zero")]


def test_a_started_ticker_runs_its_jobs_until_it_is_stopped():
    ticker, ran = Ticker(SystemClock(), fail), threading.Event()
    ticker.every("now", 3600, ran.set)
    ticker.start()
    assert ran.wait(10)
    assert ticker.stop()
