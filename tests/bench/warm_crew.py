"""Steps of a plan as the studio's workers carry them out: warm, and as many at once as cores.

Used by the benches. The fork server has imported the tools before the time is taken, as it has
from a worker's second task on. Buckets, records and the checks of what was made are left out.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from lib.core.work import Step
from lib.media import toolbox
from lib.media.toolbox import MediaTools
from lib.ports import ToolCall
from tests.bench.reel_scene import ASSETS, KITS

_TICKS = os.sysconf("SC_CLK_TCK")
TOOL_S = 600.0


class WarmCrew:
    """Runs steps below a folder; ``files`` are what was made and what is needed, by slot."""

    def __init__(self, folder: Path, files: dict[str, Path]) -> None:
        self._folder, self._given = folder, files
        self._tools = MediaTools(assets=ASSETS, kits=[KITS])

    def warm(self) -> None:
        """Have the server started, and what a first run of it reads brought into memory."""
        made = {"sound": self._folder / "warm.m4a"}
        params = {"music": None, "seconds": 2}
        self._tools.run(ToolCall("reel_sound", params, {}, made, self._folder, TOOL_S))

    @property
    def server(self) -> int:
        """Return the process from which the runs are forked."""
        process = toolbox._FORKS._server
        assert process is not None
        return process.pid

    def run(self, steps: Sequence[Step]) -> tuple[float, float, dict[str, Path]]:
        """Carry out steps; return seconds of wall and of processors, and the files by slot."""
        files, waiting = dict(self._given), list(steps)
        running: dict[Future[None], Step] = {}
        before, own, start = _used_s(self.server), time.process_time(), time.perf_counter()
        cores = os.cpu_count() or 1
        with ThreadPoolExecutor(cores) as crew:
            while waiting or running:
                ready = [step for step in waiting if files.keys() >= set(step.needs)]
                for step in ready[: cores - len(running)]:
                    waiting.remove(step)
                    running[crew.submit(self._one, step, files)] = step
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                    files |= self._places(running.pop(future))
        wall_s = time.perf_counter() - start
        return wall_s, _used_s(self.server) - before + time.process_time() - own, files

    def _one(self, step: Step, files: dict[str, Path]) -> None:
        workdir = self._folder / f"work-{step.name}"
        workdir.mkdir(exist_ok=True)
        needs = {slot: files[slot] for slot in step.needs}
        call = ToolCall(step.tool, step.params, needs, self._places(step), workdir, TOOL_S)
        self._tools.run(call)

    def _places(self, step: Step) -> dict[str, Path]:
        return {
            made.slot: self._folder / f"{made.slot}{Path(made.path).suffix}" for made in step.makes
        }


def _used_s(pid: int) -> float:
    """Return the processor time of a process and of all its ended children, seconds."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS
    return 0.0
