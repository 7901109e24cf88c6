"""A reel beside the bare encode of its own frames, and beside MoviePy.

    ./brandcast bench reel [--seconds 30] [--json]

The limit is the same encoder with the same settings on frames that are already composed, read
from a file or from a pipe, whichever is faster. Ours are the steps of the plan as the studio's
workers carry them out, as many at once as there are cores: a long reel is made in parts, with
its sound beside them, and joined. The same reel made in one step is told too. Both are warm: the
tools were imported before. Runs are interleaved and medians count. MoviePy has an environment of its own, made once, gets the words as finished pictures and
encodes with our settings; it runs once, because it takes minutes. Memory is measured in runs of
its own: the proportional set size of all processes of a contender together.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import ffmpeg  # noqa: E402 - only now on the path

from lib.core.recipes.reel import FPS, SIZE  # noqa: E402
from lib.core.work import Step  # noqa: E402
from lib.media.reel.film import WHOLE, X264  # noqa: E402
from lib.media.runner.binaries import find  # noqa: E402
from lib.media.runner.mp4_output import COLOURS  # noqa: E402
from tests.bench import reel_scene  # noqa: E402
from tests.bench.reel_scene import Stage  # noqa: E402
from tests.bench.warm_crew import WarmCrew  # noqa: E402

MOVIEPY = "moviepy==2.2.1"
ONE_STEP = "ours_one_step"
#: Seconds between two looks at the memory of a contender.
LOOK_S = 0.05
_CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "brandcast"


@dataclass(frozen=True)
class Contender:
    """A program that is run, what it reads on its standard input, and what it makes."""

    command: Sequence[str]
    makes: Path
    reads: bytes | Path | None = None
    #: The standard input goes through a pipe, as that of our encoder does.
    piped: bool = False


@dataclass(frozen=True)
class Run:
    """One run of one contender."""

    wall_s: float
    cpu_s: float
    peak_mb: float = 0.0


def main() -> int:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, choices=(10, 30), default=30)
    parser.add_argument("--template", default=reel_scene.TEMPLATE)
    parser.add_argument("--brand", default="kitchen-proof")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--alone", action="store_true", help="leave MoviePy out")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        stage = reel_scene.build(Path(name), args.brand, args.seconds, args.template)
        result = _measure(stage, args.rounds, alone=args.alone)
    told = {"brand": args.brand, "template": args.template}
    result = {**told, "seconds": args.seconds, "rounds": args.rounds, **result}
    if args.json:
        print(json.dumps(result))
        return 0
    for who, one in result["contenders"].items():
        told = "  ".join(f"{name} {value}" for name, value in one.items())
        print(f"{who:<12}{told}")
    for name, value in result.items():
        if "ratio" in name:
            print(f"{name:<26}{value:6.2f}")
    return 0


def _measure(stage: Stage, rounds: int, *, alone: bool) -> dict[str, Any]:
    frames = reel_scene.dump(stage)
    contenders = {"limit_file": _bare(stage, frames), "limit_pipe": _bare(stage, frames, True)}
    plans = {"ours": stage.steps, ONE_STEP: (_whole(stage),)}
    ours = {who: _ours(stage, who, steps) for who, steps in plans.items()}
    runs: dict[str, list[Run]] = {}
    for _ in range(rounds):
        for who, contender in contenders.items():
            runs.setdefault(who, []).append(_timed(contender))
        for who, warm in ours.items():
            runs.setdefault(who, []).append(warm.timed())
    peaks = {who: _peak_mb(contender) for who, contender in contenders.items()}
    peaks |= {who: warm.peak_mb() for who, warm in ours.items()}
    films = {who: contender.makes for who, contender in contenders.items()}
    films |= {who: warm.makes for who, warm in ours.items()}
    if not alone and (moviepy := _moviepy(stage)):
        films["moviepy"] = moviepy.makes
        runs["moviepy"] = [_timed(moviepy)]
    told: dict[str, dict[str, float]] = {}
    for who, each in runs.items():
        told[who] = {
            "wall_s": round(median(run.wall_s for run in each), 2),
            "cpu_s": round(median(run.cpu_s for run in each), 2),
            "size_kb": films[who].stat().st_size // 1024,
        }
        if who in peaks:
            told[who]["peak_mb"] = round(peaks[who])
        if who != "limit_pipe":
            told[who] |= reel_scene.likeness(stage, films[who])
    ratios = {**_ratios(told, "ours"), **_ratios(told, ONE_STEP, "one_step_")}
    return {**{name: round(value, 2) for name, value in ratios.items()}, "contenders": told}


def _ratios(told: dict[str, dict[str, float]], who: str, prefix: str = "") -> dict[str, float]:
    limits = [told["limit_file"], told["limit_pipe"]]
    found = {
        f"{prefix}{name}ratio_to_limit": told[who][unit] / min(one[unit] for one in limits)
        for name, unit in (("", "wall_s"), ("cpu_", "cpu_s"), ("memory_", "peak_mb"))
    }
    if "moviepy" in told:
        found[f"{prefix}ratio_to_moviepy"] = told["moviepy"]["wall_s"] / told[who]["wall_s"]
        found[f"{prefix}cpu_ratio_to_moviepy"] = told["moviepy"]["cpu_s"] / told[who]["cpu_s"]
    return found


def _bare(stage: Stage, frames: Path, piped: bool = False) -> Contender:
    """Return the encoder alone: its settings are those of the tool, from the tool's own table."""
    made = stage.folder / f"bare-{'pipe' if piped else 'file'}.mp4"
    raw = {"format": "rawvideo", "pix_fmt": "yuv420p", "s": f"{SIZE[0]}x{SIZE[1]}", "r": FPS}
    video = ffmpeg.input("pipe:0" if piped else str(frames), **raw, **COLOURS).video
    words = video.output(str(made), **X264, **COLOURS, threads=WHOLE).get_args()
    command = [find().ffmpeg, "-y", "-v", "error", *(() if piped else ("-nostdin",)), *words]
    return Contender(command, made, frames if piped else None, piped)


@dataclass(frozen=True)
class Warm:
    """Steps that a warm crew carries out."""

    crew: WarmCrew
    steps: Sequence[Step]
    makes: Path

    def timed(self) -> Run:
        """Carry the steps out; return what that took."""
        wall_s, cpu_s, files = self.crew.run(self.steps)
        assert files["video"] == self.makes
        return Run(wall_s, cpu_s)

    def peak_mb(self) -> float:
        """Carry the steps out; return the most memory that the server and its runs had."""
        working = threading.Thread(target=self.timed)
        working.start()
        return _highest_mb(working, self.crew.server)


def _ours(stage: Stage, who: str, steps: Sequence[Step]) -> Warm:
    """Return the steps as the studio carries them out."""
    folder = stage.folder / who
    folder.mkdir()
    crew = WarmCrew(folder, {"background": stage.painted})
    crew.warm()
    return Warm(crew, steps, folder / "video.mp4")


def _whole(stage: Stage) -> Step:
    """Return the one step that makes the whole reel."""
    last = stage.steps[-1]
    return last.model_copy(
        update={"tool": "reel_video", "params": stage.params, "needs": ("background",)}
    )


def _moviepy(stage: Stage) -> Contender | None:
    """Return MoviePy in an environment of its own; None, and why, when it cannot be had."""
    home = _CACHE / f"bench-{MOVIEPY.replace('==', '-')}"
    python = home / "bin" / "python"
    if not _imports_moviepy(python):
        print(f"bench: installing {MOVIEPY} …", file=sys.stderr)
        install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        for command in ([sys.executable, "-m", "venv", "--clear", str(home)], [*install, MOVIEPY]):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                last = (done.stderr.strip() or "no message").splitlines()[-1]
                print(f"bench: without MoviePy, which cannot be installed: {last}", file=sys.stderr)
                return None
    made = stage.folder / "moviepy.mp4"
    script = ROOT / "tests" / "bench" / "peers" / "moviepy_reel.py"
    # Its own way would be another matrix, untagged: told here, so that colours can be compared.
    options = ["-crf", str(X264["crf"]), "-x264-params", str(X264["x264-params"])]
    options += ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p"]
    options += [word for name, value in COLOURS.items() for word in (f"-{name}", value)]
    return Contender(
        [str(python), str(script), str(reel_scene.hand_over(stage)), str(made), *options], made
    )


def _imports_moviepy(python: Path) -> bool:
    command = [str(python), "-c", "import moviepy"]
    return (
        python.exists() and not subprocess.run(command, check=False, capture_output=True).returncode
    )


def _start(contender: Contender) -> tuple[subprocess.Popen[bytes], Callable[[], None]]:
    """Start a contender; return it, and what feeds it and waits for its end."""
    env = {**os.environ, "FFMPEG_BINARY": find().ffmpeg, "IMAGEIO_FFMPEG_EXE": find().ffmpeg}
    quiet: dict[str, Any] = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "env": env}
    if not contender.piped:
        process = subprocess.Popen(contender.command, stdin=subprocess.PIPE, **quiet)
        reads = contender.reads if isinstance(contender.reads, bytes) else b""
        return process, lambda: process.communicate(reads)[0]
    feeder = subprocess.Popen(["cat", str(contender.reads)], stdout=subprocess.PIPE)
    process = subprocess.Popen(contender.command, stdin=feeder.stdout, **quiet)
    assert feeder.stdout is not None
    feeder.stdout.close()

    def wait() -> None:
        process.wait()
        feeder.wait()

    return process, wait


def _timed(contender: Contender) -> Run:
    """Run a contender; return its time, and the processor time of it and all it started."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process, wait = _start(contender)
    wait()
    wall_s, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"bench: {contender.command[0]} ended with {process.returncode}")
    used = [getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime")]
    return Run(wall_s, sum(used))


def _peak_mb(contender: Contender) -> float:
    """Run a contender; return the most memory that its processes had together."""
    process, wait = _start(contender)
    waiting = threading.Thread(target=wait)
    waiting.start()
    return _highest_mb(waiting, process.pid)


def _highest_mb(working: threading.Thread, pid: int) -> float:
    """Return the most memory that a process and those below it have while a thread works."""
    peak_kb = 0
    while working.is_alive():
        peak_kb = max(peak_kb, sum(_memory_kb(one) for one in _family(pid)))
        working.join(LOOK_S)
    return peak_kb / 1024


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _memory_kb(pid: int) -> int:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
