"""Mastering beside ffmpeg-normalize, and beside the limit: to decode and measure once.

    ./brandcast bench master [--json]

Three voices made from arithmetic, mono at 48 kHz, to -16 LUFS and -1 dBTP. Every contender is a
program started afresh, ours and the peer's on the same ffmpeg; runs are interleaved and medians
count. What each wrote is measured in the same way.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lib.media.runner.binaries import find  # noqa: E402
from lib.media.sound import loudness  # noqa: E402 - only now on the path
from tests.media import voices  # noqa: E402

SECONDS, ROUNDS = 30.0, 3
LUFS, CEILING_DBTP = -16.0, -1.0
OURS = """import sys
from pathlib import Path
from lib.media.sound.mastering import Target, master_file
lufs, ceiling = map(float, sys.argv[3:])
master_file(Path(sys.argv[1]), Path(sys.argv[2]), Target(lufs, ceiling))
"""


@dataclass(frozen=True)
class Run:
    """One run of one contender."""

    wall_s: float
    cpu_s: float


def main() -> int:
    """Measure and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = _measure(Path(name))
    if args.json:
        print(json.dumps(result))
        return 0
    for kind, one in result["voices"].items():
        for who in ("limit", "ours", "peer"):
            told = one[who]
            made = (
                f"   {told['lufs']:6.1f} LUFS {told['true_peak_dbtp']:5.1f} dBTP"
                if "lufs" in told
                else ""
            )
            print(f"{kind:<8}{who:<7}{told['cpu_s']:6.2f} s of CPU {told['wall_s']:6.2f} s{made}")
    for name in (
        "cpu_ratio_to_peer",
        "wall_ratio_to_peer",
        "cpu_ratio_to_limit",
        "lufs_error",
        "peer_lufs_error",
    ):
        print(f"{name:<20}{result[name]:6.2f}")
    return 0


def _measure(folder: Path) -> dict[str, Any]:
    sources = {
        kind: voices.write(folder / f"{kind}.wav", voices.voice(SECONDS, kind))
        for kind in voices.KINDS
    }
    runs: dict[tuple[str, str], list[Run]] = {}
    for _ in range(ROUNDS):
        for kind, source in sources.items():
            for who, command in _contenders(source, folder).items():
                runs.setdefault((kind, who), []).append(_run(command))
    told: dict[str, dict[str, Any]] = {kind: {} for kind in sources}
    for (kind, who), each in runs.items():
        one: dict[str, Any] = {
            "wall_s": round(median(run.wall_s for run in each), 3),
            "cpu_s": round(median(run.cpu_s for run in each), 3),
        }
        if who != "limit":
            made = loudness.measure(folder / f"{kind}-{who}.wav")
            one |= {"lufs": made.lufs, "true_peak_dbtp": made.true_peak_dbtp}
        told[kind][who] = one

    def ratio(over: str, under: str, unit: str) -> float:
        return round(median(one[over][unit] / one[under][unit] for one in told.values()), 2)

    def error(who: str) -> float:
        return round(max(abs(one[who]["lufs"] - LUFS) for one in told.values()), 2)

    return {
        "seconds": SECONDS,
        "rounds": ROUNDS,
        "voices": told,
        "cpu_ratio_to_peer": ratio("ours", "peer", "cpu_s"),
        "wall_ratio_to_peer": ratio("ours", "peer", "wall_s"),
        "cpu_ratio_to_limit": ratio("ours", "limit", "cpu_s"),
        "lufs_error": error("ours"),
        "peer_lufs_error": error("peer"),
    }


def _contenders(source: Path, folder: Path) -> dict[str, list[str]]:
    ours, peer = (folder / f"{source.stem}-{who}.wav" for who in ("ours", "peer"))
    target = (str(LUFS), str(CEILING_DBTP))
    meter = ("-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-")
    normalize = str(Path(sys.executable).with_name("ffmpeg-normalize"))
    return {
        "limit": [find().ffmpeg, "-nostdin", "-v", "error", "-i", str(source), *meter],
        "ours": [sys.executable, "-c", OURS, str(source), str(ours), *target],
        "peer": [
            *(normalize, str(source), "-o", str(peer), "-t", target[0], "-tp", target[1]),
            *("-c:a", "pcm_s24le", "-ar", "48000", "-f", "-q"),
        ],
    }


def _run(command: list[str]) -> Run:
    """Run a contender; return its time, and the processor time of it and all it started."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "FFMPEG_PATH": find().ffmpeg}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    after, wall_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    used = [getattr(after, name) - getattr(before, name) for name in ("ru_utime", "ru_stime")]
    return Run(wall_s, sum(used))


if __name__ == "__main__":
    sys.exit(main())
