"""``test``, ``bench`` and ``sim``: what the launcher prepared, run here."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from lib.core.errors import Refused
from lib.settings import ROOT

#: Processes that run test files at once; most of what they wait for is not a processor.
MOST_SIDE_BY_SIDE = 4


def test(args: argparse.Namespace) -> int:
    """Run the linter, the type checker and every test; return 1 when anything is wrong."""
    python = sys.executable
    # Files side by side; whoever names tests looks at them one by one.
    pytest = args.pytest or [f"-n{min(os.cpu_count() or 1, MOST_SIDE_BY_SIDE)}", "--dist=loadfile"]
    runs = (
        ("ruff check", [python, "-m", "ruff", "check", "."]),
        ("ruff format", [python, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [python, "-m", "mypy"]),
        ("pytest", [python, "-m", "pytest", *pytest]),
    )
    codes = {}
    for name, command in runs:
        print(f"── {name}", flush=True)
        codes[name] = subprocess.run(command, cwd=ROOT, check=False).returncode
    bad = [name for name, code in codes.items() if code]
    print(f"── {'all good' if not bad else 'failed: ' + ', '.join(bad)}", flush=True)
    return 1 if bad else 0


def bench(args: argparse.Namespace) -> int:
    """Run one bench; it prints ratios against a peer or a limit measured in the same run."""
    folder = ROOT / "tests" / "bench"
    names = sorted(file.stem.removeprefix("bench_") for file in folder.glob("bench_*.py"))
    if args.name not in names:
        raise Refused(f"there is no bench {args.name!r}", hint=f"choose one of {', '.join(names)}")
    command = [sys.executable, str(folder / f"bench_{args.name}.py")]
    command += ["--json"] if args.json else []
    command += ["--full"] if args.full else []
    command += [f"--seconds={args.seconds}"] if args.seconds else []
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def sim(args: argparse.Namespace) -> int:
    """Run the simulator over many seeds; return 1 when an invariant was broken."""
    command = [sys.executable, "-m", "tests.simulation.campaign"]
    command += [f"--seeds={args.seeds}", f"--start={args.start}", f"--minutes={args.minutes}"]
    command += ["--json"] if args.json else []
    command += [f"--shrink={args.shrink}"] if args.shrink is not None else []
    return subprocess.run(command, cwd=ROOT, check=False).returncode
