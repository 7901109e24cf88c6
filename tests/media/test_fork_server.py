"""Tool runs are forked from one warm process, and share neither its life nor its faults."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from lib.media.fork_client import ForkClient, ForkedRun
from tests.media.conftest import ASSETS
from tests.waiting import until

LONG = {"music": "daybreak", "seconds": 90}


@pytest.fixture
def client() -> Iterator[ForkClient]:
    client = ForkClient()
    yield client
    client.close()


def begun(client: ForkClient, tmp_path: Path, params: dict[str, Any]) -> tuple[ForkedRun, Path]:
    """Start a run that makes a sound; return it and the file of its answer."""
    call = {
        "tool": "reel_sound",
        "params": params,
        "needs": {},
        "makes": {"sound": str(tmp_path / "sound.m4a")},
        "workdir": str(tmp_path),
        "assets": str(ASSETS),
        "kits": [],
    }
    answer = tmp_path / "answer"
    with ExitStack() as files:
        asked = files.enter_context(tempfile.TemporaryFile())
        asked.write(json.dumps(call).encode())
        asked.seek(0)
        said = files.enter_context(tempfile.TemporaryFile())
        return client.run((asked, files.enter_context(answer.open("wb")), said)), answer


def field(pid: int, number: int) -> int:
    """Return a field of a process's stat, counted from the one after its name."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[number])


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_runs_are_children_of_one_server_in_sessions_of_their_own(
    client: ForkClient, tmp_path: Path
) -> None:
    runs = [begun(client, tmp_path, LONG)[0] for _ in range(2)]
    assert len({field(run.pid, 1) for run in runs}) == 1
    assert until(lambda: [field(run.pid, 3) for run in runs] == [run.pid for run in runs])
    assert [run.wait(60) for run in runs] == [0, 0]


def test_an_answer_comes_from_the_run_that_was_asked(client: ForkClient, tmp_path: Path) -> None:
    run, answer = begun(client, tmp_path, {"music": "daybreak", "seconds": -1})
    assert run.wait(60) == 0
    assert "parameter seconds" in json.loads(answer.read_text())["error"]


def test_the_server_has_one_thread_and_no_threads_to_lose_in_a_fork(
    client: ForkClient, tmp_path: Path
) -> None:
    run, _ = begun(client, tmp_path, {"music": None, "seconds": 2})
    server = Path(f"/proc/{field(run.pid, 1)}")
    assert len(list((server / "task").iterdir())) == 1
    assert "numpy" not in (server / "maps").read_text()
    run.wait(60)


def test_a_run_beyond_its_time_is_gone_with_what_it_started(
    client: ForkClient, tmp_path: Path
) -> None:
    run, _ = begun(client, tmp_path, LONG)
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children")
    assert until(lambda: bool(children.read_text())), "no encoder was started"
    (encoder,) = map(int, children.read_text().split())
    with pytest.raises(TimeoutError):
        run.wait(0.01)
    assert not lives(run.pid)
    assert until(lambda: not lives(encoder))


def test_what_a_dead_run_left_behind_is_ended(client: ForkClient, tmp_path: Path) -> None:
    run, _ = begun(client, tmp_path, LONG)
    os.kill(run.pid, signal.SIGKILL)
    assert run.wait(10) == -signal.SIGKILL


def test_runs_die_with_their_server_and_the_next_run_has_another(
    client: ForkClient, tmp_path: Path
) -> None:
    run, _ = begun(client, tmp_path, LONG)
    server = field(run.pid, 1)
    os.kill(server, signal.SIGKILL)
    start = time.monotonic()
    assert run.wait(60) == -signal.SIGKILL
    assert time.monotonic() - start < 30
    assert until(lambda: not lives(run.pid))
    after, _ = begun(client, tmp_path, {"music": None, "seconds": 2})
    assert field(after.pid, 1) != server
    assert after.wait(60) == 0


def test_a_client_that_goes_takes_its_server_and_its_runs_along(
    client: ForkClient, tmp_path: Path
) -> None:
    run, _ = begun(client, tmp_path, LONG)
    server = field(run.pid, 1)
    client.close()
    assert not lives(server)
    assert until(lambda: not lives(run.pid))
    assert run.wait(1) == -signal.SIGKILL
