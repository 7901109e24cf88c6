"""Run ffmpeg and ffprobe: one place that adds limits, gathers errors and leaves no orphan.

Only generated names, numbers and words from fixed lists reach a command line; text of users is
drawn by Pillow and never enters a filter. Inputs are opened as plain files of known formats.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from lib.core.errors import ToolFailed, Unavailable, machine_fault

#: Demuxers that may open an input: a playlist or a script in disguise is refused.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,wav,mp3"
#: Decoders that may run: those of films and sounds that people bring or we make, and no others.
DECODERS = "h264,hevc,mpeg4,vp9,libdav1d,av1,aac,mp3,mp3float,alac,flac,opus,pcm_s16le,pcm_s24le"
#: Largest picture that a decoder may allocate, px: 4K is 8.3 million.
MAX_PIXELS = 8_300_000
#: Characters of a tool's last words that are kept.
TAIL_CHARS = 2000
#: Lines at the end of its messages in which a program says why it ended.
LAST_LINES = 8
_PR_SET_PDEATHSIG = 1


@functools.cache
def _prctl() -> Callable[[int, int], int]:
    """Return the system call, looked up before a fork: a child of threads may not load anything."""
    found: Callable[[int, int], int] = ctypes.CDLL(None).prctl
    return found


def die_with_parent() -> None:
    """Ask the system to kill this process when its parent ends, however that ends."""
    _prctl()(_PR_SET_PDEATHSIG, signal.SIGKILL)


def guarded_input(file: Path) -> list[str]:
    """Return the arguments that open a file as one of the known formats and nothing else."""
    return [
        *("-protocol_whitelist", "file", "-format_whitelist", FORMATS),
        *("-codec_whitelist", DECODERS),
        *("-max_pixels", str(MAX_PIXELS), "-i", f"file:{file.resolve()}"),
    ]


def run(command: Sequence[str], *, what: str, deadline_s: float) -> tuple[bytes, str]:
    """Run a program to its end; return its output and its messages.

    Raises ToolFailed with its last words, not permanent when it was killed.
    """
    _prctl()
    process = subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - the child only calls prctl
    )
    try:
        output, messages = process.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise ToolFailed(what, f"gave no answer in {deadline_s:g} s", permanent=False) from error
    words = messages.decode(errors="replace")
    check(process.returncode, what=what, words=words)
    return output, words


def check(code: int, *, what: str, words: str) -> None:
    """Raise ToolFailed unless a program ended well, Unavailable when it found the disk full."""
    if code == 0:
        return
    check_room(words)
    tail = words.strip()[-TAIL_CHARS:]
    if code < 0:
        raise ToolFailed(what, f"was killed by signal {-code}", permanent=False, tail=tail)
    last = tail.splitlines()[-1] if tail else "no message"
    raise ToolFailed(what, f"ended with code {code}: {last}", tail=tail)


def check_room(words: str) -> None:
    """Raise Unavailable when a program's last lines say that the disk is full; no code tells."""
    told = os.strerror(errno.ENOSPC)
    if any(line.rstrip().endswith(told) for line in words.splitlines()[-LAST_LINES:]):
        raise Unavailable(machine_fault(OSError(errno.ENOSPC, told)))


def last_words(messages: IO[bytes]) -> str:
    """Return the end of a file of messages, read from its end however long it is."""
    size = messages.seek(0, 2)
    messages.seek(max(0, size - 4 * TAIL_CHARS))
    return messages.read().decode(errors="replace").strip()[-TAIL_CHARS:]


class Pipe:
    """A program that reads raw frames from its standard input."""

    def __init__(self, command: Sequence[str], *, what: str) -> None:
        self._what = what
        self._messages: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the pipe
        _prctl()
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._messages,
            bufsize=0,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - the child only calls prctl
        )

    def write(self, data: bytes) -> None:
        """Hand over bytes. Raises ToolFailed with the program's last words when it ended."""
        view = memoryview(data)
        stdin = self._process.stdin
        assert stdin is not None
        try:
            while view:
                view = view[stdin.write(view) :]
        except BrokenPipeError as error:
            self._process.wait()
            words = self._tail()
            check_room(words)
            raise ToolFailed(self._what, "stopped reading", tail=words) from error

    def finish(self) -> None:
        """Close the input and wait for the end. Raises ToolFailed when it did not end well."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait()
        words = self._tail()
        self._messages.close()
        check(code, what=self._what, words=words)

    def kill(self) -> None:
        """End the program at once; harmless when it has ended."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._messages.close()

    def _tail(self) -> str:
        return last_words(self._messages)
