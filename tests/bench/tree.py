"""Run a program and measure all of its tree: wall, processor time, and memory at its highest."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Seconds between two looks at the memory.
EVERY_S = 0.1


@dataclass(frozen=True)
class Run:
    """One run of one contender."""

    wall_s: float
    cpu_s: float
    #: Proportional memory of all its processes at its highest, MB.
    pss_mb: float


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Run:
    """Run a program to its end; raise CalledProcessError when that is no good one."""
    environment = {**(os.environ if env is None else env), "PYTHONPATH": str(ROOT)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            list(command),
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
        most = [0.0]
        ended = threading.Event()
        watcher = threading.Thread(target=_watch, args=(process.pid, ended, most))
        watcher.start()
        code = process.wait()
        wall_s = time.perf_counter() - start
        ended.set()
        watcher.join()
        if code:
            said.seek(0)
            words = said.read().decode(errors="replace")
            raise subprocess.CalledProcessError(code, list(command), stderr=words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = [getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime")]
    return Run(wall_s, sum(used), most[0])


def _watch(leader: int, ended: threading.Event, most: list[float]) -> None:
    while not ended.wait(EVERY_S):
        most[0] = max(most[0], _pss_mb(leader))


def _pss_mb(leader: int) -> float:
    """Return the proportional memory of a session of processes, MB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, StopIteration):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                rollup = (status.parent / "smaps_rollup").read_text()
                line = next(one for one in rollup.splitlines() if one.startswith("Pss:"))
                total += int(line.split()[1])
    return total / 1000
