"""What the studio costs per work, against huey and Celery doing the same durable chain.

    ./brandcast bench overhead [--json]

Enqueue → dispatch → put (50 KB, fsync) → finalize → settled, on this machine in one run. Each
contender runs in a process of its own, several rounds, interleaved; the median round counts.
All keep the same facts: who took a work, what was put, and ready only after the bytes were read.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BURST = 400
SINGLES = 60
ROUNDS = 5
#: Seconds that one round may take before it is called broken.
LIMIT_S = 180.0
NAMES = ("brandcast", "huey", "celery")


def main() -> int:
    """Run the bench, or one round of one contender in a child process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--contender", choices=NAMES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.contender:
        print(json.dumps(_round(args.contender)))
        return 0
    if shutil.which("redis-server") is None:
        print("bench overhead needs redis-server (apt-get install redis-server)", file=sys.stderr)
        return 2
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in NAMES}
    for _ in range(ROUNDS):
        for name in NAMES:
            rounds[name].append(_child(name))
    result = _result(rounds)
    if args.json:
        print(json.dumps(result))
    else:
        _say(result)
    return 0


def _result(rounds: dict[str, list[dict[str, float]]]) -> dict[str, Any]:
    medians = {
        name: {key: statistics.median(one[key] for one in each) for key in each[0]}
        for name, each in rounds.items()
    }
    ours = medians["brandcast"]
    result: dict[str, Any] = {"burst": BURST, "rounds": ROUNDS, "contenders": medians}
    for name in NAMES[1:]:
        peer = medians[name]
        result[f"throughput_ratio_to_{name}"] = round(ours["works_per_s"] / peer["works_per_s"], 2)
        result[f"latency_ratio_to_{name}"] = round(ours["median_ms"] / peer["median_ms"], 2)
    return result


def _say(result: dict[str, Any]) -> None:
    for name, figures in result["contenders"].items():
        print(
            f"{name:<10}{figures['works_per_s']:>8.0f} works/s   median latency"
            f" {figures['median_ms']:6.1f} ms"
        )
    for name in NAMES[1:]:
        print(
            f"against {name}: {result[f'throughput_ratio_to_{name}']} times the throughput,"
            f" {result[f'latency_ratio_to_{name}']} times the latency"
        )


def _child(name: str) -> dict[str, float]:
    """Run one round in a fresh process and folder."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bucket").mkdir()
        env = {**os.environ, "BENCH_FOLDER": folder, "PYTHONPATH": str(ROOT)}
        env["BENCH_REDIS_PORT"] = str(_free_port())
        command = [sys.executable, __file__, "--contender", name]
        done = subprocess.run(
            command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
        figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return figures


def _round(name: str) -> dict[str, float]:
    """Measure one contender: a burst for throughput, single works for latency."""
    with _contender(name) as (enqueue, ready):
        for i in range(20):
            enqueue(f"warm-{i}")
        _wait(ready, 20)
        start = time.time()
        for i in range(BURST):
            enqueue(f"burst-{i}")
        done = _wait(ready, 20 + BURST)
        last = max(at for work, at in done.items() if work.startswith("burst"))
        latencies = []
        for i in range(SINGLES):
            time.sleep(0.03)
            begin = time.time()
            enqueue(f"single-{i}")
            done = _wait(ready, 20 + BURST + i + 1)
            latencies.append(done[f"single-{i}"] - begin)
    return {
        "works_per_s": BURST / (last - start),
        "median_ms": statistics.median(latencies) * 1000,
        "p95_ms": sorted(latencies)[int(SINGLES * 0.95)] * 1000,
    }


def _wait(ready: Callable[[], dict[str, float]], count: int) -> dict[str, float]:
    deadline = time.time() + LIMIT_S
    while time.time() < deadline:
        done = ready()
        if len(done) >= count:
            return done
        time.sleep(0.002)
    raise SystemExit(f"only {len(ready())} of {count} works became ready")


@contextlib.contextmanager
def _contender(name: str) -> Iterator[Any]:
    if name == "brandcast":
        from tests.bench.peers.ours_chain import contender

        with (
            _process([sys.executable, "-m", "tests.bench.peers.ours_chain", "run"]),
            contender() as pair,
        ):
            yield pair
        return
    starters = {"huey": _huey, "celery": _celery}
    with starters[name]():
        module = importlib.import_module(f"tests.bench.peers.{name}_chain")
        yield module.enqueue, module.ready


@contextlib.contextmanager
def _huey() -> Iterator[None]:
    # Four threads and a 10 ms look: its best latency; the default is ten times slower.
    consumer = "from huey.bin.huey_consumer import consumer_main; consumer_main()"
    command = [sys.executable, "-c", consumer, "tests.bench.peers.huey_chain.huey"]
    command += ["-w", "4", "-k", "thread", "-d", "0.01", "-m", "0.05", "-q"]
    with _process(command):
        yield


@contextlib.contextmanager
def _celery() -> Iterator[None]:
    port = os.environ["BENCH_REDIS_PORT"]
    folder = os.environ["BENCH_FOLDER"]
    server = ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder]
    server += ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    command = [sys.executable, "-m", "celery", "-A", "tests.bench.peers.celery_chain:app"]
    command += ["worker", "-c", "2", "-l", "ERROR", "--without-gossip", "--without-mingle"]
    with _process(server):
        _until_open(int(port))
        with _process(command):
            yield


@contextlib.contextmanager
def _process(command: list[str]) -> Iterator[None]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_open(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise SystemExit("redis-server did not start")


if __name__ == "__main__":
    sys.exit(main())
