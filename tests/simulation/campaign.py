"""Many seeds on all cores, and what they came to together.

    python -m tests.simulation.campaign --seeds 2000 --minutes 20 --json

Prints one object with the numbers and the failing seeds. ``--shrink SEED`` finds the fewest faults
that a failing seed needs.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.run import Verdict, most_passes, run
from tests.simulation.shrink import shrink

#: Simulated minutes in which faults rage.
MINUTES = 30.0
#: Failing seeds that a report tells of.
TOLD = 10


@dataclass
class Campaign:
    """The sum over many verdicts."""

    minutes: float
    verdicts: list[Verdict] = field(default_factory=list)
    wall_s: float = 0.0

    def report(self) -> dict[str, Any]:
        """Return the numbers as JSON values."""
        faults: Counter[str] = Counter()
        sometimes: Counter[str] = Counter()
        trace = 0
        for verdict in self.verdicts:
            faults += verdict.faults
            sometimes += verdict.seen
            trace = zlib.crc32(f"{verdict.seed}:{verdict.trace}".encode(), trace)
        passes = [verdict.passes for verdict in self.verdicts]
        failed = [verdict for verdict in self.verdicts if verdict.violation]
        return {
            "seeds": len(self.verdicts),
            "violations": len(failed),
            "simulated_hours": round(sum(v.simulated_s for v in self.verdicts) / 3600, 1),
            "port_calls": sum(v.port_calls for v in self.verdicts),
            "faults": dict(sorted(faults.items())),
            "faults_total": faults.total(),
            "sometimes": dict(sorted(sometimes.items())),
            "passes_p50": statistics.median_low(passes),
            "passes_max": max(passes),
            "passes_allowed": most_passes(),
            "trace_hash": f"{trace:08x}",
            "wall_s": round(self.wall_s, 1),
            "failed": [
                {"seed": v.seed, "violation": v.violation, "faults": len(v.struck)}
                for v in failed[:TOLD]
            ],
        }


def campaign(
    seeds: Sequence[int], *, minutes: float = MINUTES, jobs: int = 0, stop: bool = False
) -> Campaign:
    """Run these seeds, in as many processes as there are cores; with ``stop`` to the first fault."""
    begun, found = time.perf_counter(), Campaign(minutes)
    for verdict in _verdicts([(seed, minutes) for seed in seeds], jobs or os.cpu_count() or 1):
        found.verdicts.append(verdict)
        if stop and verdict.violation:
            break
    found.verdicts.sort(key=lambda verdict: verdict.seed)
    found.wall_s = time.perf_counter() - begun
    return found


def _verdicts(orders: Sequence[tuple[int, float]], jobs: int) -> Iterator[Verdict]:
    if jobs == 1:
        yield from map(_one, orders)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(_one, orders, chunksize=8)


def _one(order: tuple[int, float]) -> Verdict:
    seed, minutes = order
    return run(seed, minutes=minutes)


def main(arguments: Iterable[str] | None = None) -> int:
    """Run a campaign, print its report, and return how a shell takes it: 0 without a violation."""
    parser = argparse.ArgumentParser(prog="./brandcast sim", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many seeds")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="simulated, of faults")
    parser.add_argument("--jobs", type=int, default=0, help="processes; 0: one for each core")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--shrink", type=int, metavar="SEED", help="find the fewest faults")
    chosen = parser.parse_args(None if arguments is None else list(arguments))
    if chosen.shrink is not None:
        return _shrink(chosen.shrink, chosen.minutes)
    seeds = range(chosen.start, chosen.start + chosen.seeds)
    report = campaign(seeds, minutes=chosen.minutes, jobs=chosen.jobs).report()
    print(json.dumps(report) if chosen.json else words(report))
    return 1 if report["violations"] else 0


def words(report: dict[str, Any]) -> str:
    """Return a report as people read it."""
    lines = (
        "{seeds} worlds, {simulated_hours} simulated hours, {port_calls} calls of a port and"
        " {faults_total} faults in {wall_s} s.\n"
        "{violations} broke an invariant. At rest again after {passes_max} ticks at most"
        " (allowed: {passes_allowed}). Trace {trace_hash}."
    )
    told = [lines.format(**report)]
    told += [f"  fault: {name}: {count}" for name, count in report["faults"].items()]
    told += [f"  reached: {name}: {count}" for name, count in report["sometimes"].items()]
    told += [f"  ✗ seed {v['seed']}: {v['violation']}" for v in report["failed"]]
    if report["failed"]:
        told.append(f"./brandcast sim --shrink {report['failed'][0]['seed']} finds out why.")
    return "\n".join(told)


def _shrink(seed: int, minutes: float) -> int:
    verdict = run(seed, minutes=minutes)
    if not verdict.violation:
        print(f"seed {seed} holds: there is nothing to shrink")
        return 0
    few = shrink(seed, verdict, minutes=minutes)
    print(f"{few.violation}\nseed {seed}, {minutes:g} minutes, {len(few.struck)} faults:")
    for name in few.struck:
        print(f"    {name}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
