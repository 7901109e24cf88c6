"""What a child process may take: limits of the system, set in the child before its program runs.

Used by ``ffmpeg_run.py`` for ffmpeg and ffprobe; whoever must die with its parent asks here too.
"""

from __future__ import annotations

import ctypes
import functools
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one run may take; a program that wants more ends with an error."""

    #: Processor time over all cores, seconds.
    cpu_s: int = 3600
    #: Memory that it may write to. Address space is no measure: every thread reserves much of it.
    data_bytes: int = 4 << 30
    #: Size of each file it writes. ffmpeg's own ``-fs`` would cut the file and call that success.
    file_bytes: int = 2 << 30
    files: int = 256


@functools.cache
def _prctl() -> Callable[[int, int], int]:
    """Return the system call, looked up before a fork: a child of threads may not load anything."""
    found: Callable[[int, int], int] = ctypes.CDLL(None).prctl
    return found


def die_with_parent() -> None:
    """Ask the system to kill this process when its parent ends, however that ends."""
    _prctl()(_PR_SET_PDEATHSIG, signal.SIGKILL)


def confined(limits: Limits) -> Callable[[], None]:
    """Return what a child does between fork and exec: dies with us, and keeps within limits."""
    _prctl()
    parent = os.getpid()
    wanted = {
        resource.RLIMIT_CPU: limits.cpu_s,
        resource.RLIMIT_DATA: limits.data_bytes,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_CORE: 0,
    }
    bounds = [(kind, _within(kind, most)) for kind, most in wanted.items()]

    def prepare() -> None:
        die_with_parent()
        if os.getppid() != parent:  # it ended before it could be asked about
            os._exit(1)
        for kind, most in bounds:
            resource.setrlimit(kind, (most, most))

    return prepare


def _within(kind: int, most: int) -> int:
    """Return a limit no higher than this process may set itself: that would be refused."""
    _, highest = resource.getrlimit(kind)
    return most if highest == resource.RLIM_INFINITY else min(most, highest)
