"""Time to first response and memory of each function, against a bare hello on the same server.

    ./brandcast bench coldstart [--json]

Each sample starts functions-framework as the platform does (gunicorn, one worker) and times
from the start of the process to the first answer. Samples are interleaved; the least counts,
because a busy machine only ever adds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = 7
#: Seconds that one start may take before it is called broken.
LIMIT_S = 30.0
FUNCTIONS = ("hello", "on_object", "on_step", "on_tick", "studio_api")
EVENTS = {"on_object"}
HELLO = """import functions_framework


@functions_framework.http
def hello(request):
    return "hello"
"""


def main() -> int:
    """Measure every function and print the ratios to hello."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder) / "hello.py"
        hello.write_text(HELLO)
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in FUNCTIONS}
        for _ in range(SAMPLES):
            for name in FUNCTIONS:
                source = hello if name == "hello" else ROOT / "main.py"
                samples[name].append(_sample(name, source, Path(folder) / "data"))
    result = _result(samples)
    if args.json:
        print(json.dumps(result))
        return 0
    for name, one in result["functions"].items():
        print(
            f"{name:<12}{one['first_response_ms']:7.0f} ms ({one['time_ratio']:.2f} × hello)"
            f"   {one['memory_mib']:6.0f} MiB ({one['memory_ratio']:.2f} ×)"
        )
    return 0


def _result(samples: dict[str, list[tuple[float, float]]]) -> dict[str, Any]:
    least = {
        name: [min(column) for column in zip(*each, strict=True)] for name, each in samples.items()
    }
    base_s, base_mib = least["hello"]
    functions = {
        name: {
            "first_response_ms": round(seconds * 1000, 1),
            "memory_mib": round(mib, 1),
            "time_ratio": round(seconds / base_s, 2),
            "memory_ratio": round(mib / base_mib, 2),
        }
        for name, (seconds, mib) in least.items()
    }
    ratios = {f"{name}_ratio": one["time_ratio"] for name, one in functions.items()}
    return {"samples": SAMPLES, "functions": functions, **ratios}


def _sample(name: str, source: Path, data: Path) -> tuple[float, float]:
    """Start a function, ask it once; return seconds to the answer and memory in MiB (PSS)."""
    port = _free_port()
    kind = "cloudevent" if name in EVENTS else "http"
    env = {**os.environ, "PYTHONPATH": str(ROOT), "BRANDCAST_DATA": str(data), "WORKERS": "1"}
    command = [sys.executable, "-m", "functions_framework", "--target", name]
    command += ["--source", str(source), "--signature-type", kind]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _ask(name, port)
        seconds = time.perf_counter() - start
        return seconds, _memory_mib(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _ask(name: str, port: int) -> None:
    """Send the function's lightest real request until it answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/")
    if name == "studio_api":
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/jobs")
    elif name in EVENTS:
        event = {"bucket": "b", "name": "somebody/elses/object.txt", "generation": "1"}
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/",
            data=json.dumps(event).encode(),
            headers={
                "Content-Type": "application/json",
                "ce-id": "1",
                "ce-source": "//storage.googleapis.com/projects/_/buckets/b",
                "ce-specversion": "1.0",
                "ce-type": "google.cloud.storage.object.v1.finalized",
                "ce-subject": "objects/somebody/elses/object.txt",
            },
        )
    elif name == "on_step":
        payload = json.dumps({"work_id": "w", "step": "s", "number": 1}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/", data=payload)
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionError, urllib.error.URLError):
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                answer.read()
            return
        time.sleep(0.002)
    raise SystemExit(f"{name} did not answer within {LIMIT_S:g} s")


def _memory_mib(pid: int) -> float:
    """Return the proportional memory of a process and its children, in MiB."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = status.read_text().rpartition(")")[2].split()
            if int(fields[2]) == pid:  # same process group
                rollup = (status.parent / "smaps_rollup").read_text()
                line = next(one for one in rollup.splitlines() if one.startswith("Pss:"))
                total += int(line.split()[1])
    return total / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
