"""What processes descend from one, read from the system's own table."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

PROC = Path("/proc")


def children(pid: int) -> set[int]:
    """Return every living process that descends from this one."""
    parents: defaultdict[int, set[int]] = defaultdict(set)
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and (parent := _parent(entry)) is not None:
            parents[parent].add(int(entry.name))
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for one in fresh for child in parents[one]} - found
        found |= fresh
    return found


def gone_within(pids: set[int], limit_s: float) -> set[int]:
    """Wait for processes to end by themselves; return those that did not."""
    deadline = time.monotonic() + limit_s
    left = set(pids)
    while left and time.monotonic() < deadline:
        left = {pid for pid in left if _parent(PROC / str(pid)) is not None}
        time.sleep(0.02)
    return left


def runs(pids: set[int]) -> set[int]:
    """Return those of some processes that are runs of tools: forked, and not the server itself."""
    forks = {pid for pid in pids if "lib.media.fork_server" in words(pid)}
    return {pid for pid in forks if _parent(PROC / str(pid)) in forks}


def words(pid: int) -> list[str]:
    """Return the command line of a process, empty when it has ended."""
    try:
        text = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return text.decode(errors="replace").split("\0")


def _parent(entry: Path) -> int | None:
    """Return the parent of a living process; a zombie has ended and only waits to be counted."""
    try:
        state, parent, *_ = (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if state == "Z" else int(parent)
