"""A disk without room: it costs no try, is called by its name, and hides nothing for ever."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lib import logs
from lib.app import desk, owed, salvage
from lib.app.events import task_delivered
from lib.app.recovery import recover
from lib.app.sweep import sweep
from lib.core.errors import Unavailable, machine_fault
from lib.core.work import Attempt
from tests.app.crank import Crank


def no_room(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("place", ["tool", "room"])
def test_a_full_disk_costs_no_try_and_is_called_so(
    crank: Crank, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "tool":
        monkeypatch.setattr(crank.tools, "run", no_room)
    else:
        monkeypatch.setattr(salvage.tempfile, "mkdtemp", no_room)
        monkeypatch.setattr(salvage, "_free_rooms", {})
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    crank.until_quiet()
    for _ in range(6):
        crank.tick(after_s=400)
    work = burst.id if place == "room" else f"{burst.id}-{crank.studio.brands.slugs()[0]}-1"
    job = crank.job(work)
    assert job["phase"] == "working"
    assert "the disk is full: free some space" in job["reasons"][0]
    monkeypatch.undo()
    crank.tick(after_s=400)
    assert crank.burst_view(burst.id)["phase"] == "complete"


def test_a_cause_is_found_behind_our_own_error() -> None:
    mine = Unavailable("the bucket cannot be written")
    mine.__cause__ = OSError(errno.ENOSPC, "no room")
    assert "the disk is full" in machine_fault(mine)
    assert machine_fault(Unavailable("no route")) == ""
    assert machine_fault(FileNotFoundError(errno.ENOENT, "gone")) == ""


def test_a_work_that_cannot_be_looked_at_keeps_no_other_from_the_tick(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    crank.burst(crank.studio.brands.slugs()[0], posts=2, reels=0)
    crank.until_quiet()
    for file in crank.file("me").rglob("posts/*"):
        file.write_bytes(b"{}\nanother")  # to be measured anew
    crank.local.objects.scan()
    monkeypatch.setattr(salvage.tempfile, "mkdtemp", no_room)
    report = sweep(crank.studio)
    assert len(report.unreachable) == 2
    assert all("the disk is full" in why for why in report.unreachable)


def test_a_look_that_died_leaves_its_folder_until_the_next_start_only(crank: Crank) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with salvage.look(crank.studio.scratch) as living:
        left = crank.studio.scratch / f"{salvage.LOOK}{dead.pid}-x"
        left.mkdir()
        recover(crank.studio)
        assert living.is_dir()
        assert not left.exists()


def test_a_log_that_cannot_be_written_says_so_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("brandcast")
    before = (logger.handlers[:], logger.level, logger.propagate)
    try:
        logs.write_to(tmp_path / "studio.log")
        (handler,) = logger.handlers
        for _ in range(2):
            monkeypatch.setattr(handler, "flush", no_room)
            logger.error("one")
            logger.error("two")
            monkeypatch.undo()
            logger.error("three")
        handler.close()
    finally:
        logger.handlers[:], logger.propagate = before[0], before[2]
        logger.setLevel(before[1])
    said = capsys.readouterr().err
    assert said.count("cannot be written: [Errno 28] No space left on device") == 2
    assert len(said.splitlines()) == 2


def test_an_end_that_cannot_be_written_is_owed_until_it_can(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    (lease,) = crank.local.queue.lease("desk", crank.studio.executor, 600)
    update, run = crank.local.records.update, desk.TOOLS["propose"]

    def unwritable(*_: Any, **__: Any) -> Any:
        raise Unavailable("database or disk is full")

    def running(*args: Any) -> None:
        run(*args)
        monkeypatch.setattr(crank.local.records, "update", unwritable)

    monkeypatch.setitem(desk.TOOLS, "propose", running)
    _, status, _ = task_delivered(crank.studio, lease.task.payload)
    assert status == 429
    assert owed.pay(crank.studio) == 0
    monkeypatch.setattr(crank.local.records, "update", update)
    assert owed.pay(crank.studio) == 1
    assert owed.pay(crank.studio) == 0
    record = crank.studio.records.get(f"works/{burst.id}").data
    assert record["attempts"]["propose-1-1"]["outcome"] == "ok"
    crank.tick()
    assert crank.burst_view(burst.id)["phase"] == "complete"


def test_an_end_that_can_never_be_written_keeps_nobody_else_waiting(crank: Crank) -> None:
    """A simulated person broke a record: whoever owed it an end did nothing else any more."""
    brand = crank.studio.brands.slugs()[0]
    broken, burst = (crank.burst(brand, posts=0, key=key) for key in ("a", "b"))
    crank.studio.records.update(f"works/{broken.id}", {("work", "plan"): "rubbish"})
    (lease,) = crank.local.queue.lease("desk", crank.studio.executor, 600)
    crank.local.queue.done(lease)
    attempt = Attempt(step="propose", number=1, enqueued_at=0.0, started_at=0.0, ended_at=1.0)
    owed.owe(crank.studio, broken.id, attempt)
    for _ in range(3):
        crank.tick(after_s=30)
    assert crank.burst_view(burst.id)["phase"] == "complete"
