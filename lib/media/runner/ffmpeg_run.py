"""Run ffmpeg and ffprobe: one place that adds limits, gathers errors and leaves no orphan.

Only generated names, numbers and words from fixed lists reach a command line; text of users is
drawn by Pillow and never enters a filter. Inputs are opened as ``inputs.py`` says, limits are
those of ``confine.py``. Options are such as every ffmpeg from 4.4 on knows.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lib.core.errors import ToolFailed, Unavailable, machine_fault
from lib.media.runner.binaries import find
from lib.media.runner.confine import Limits, confined
from lib.media.runner.inputs import guard, guarded_input
from lib.media.runner.lend import lend
from lib.media.runner.progress import OnProgress, Reader

#: Characters of a tool's last words that are kept in an error.
TAIL_CHARS = 2000
#: Bytes of a program's messages that are read: a meter's summary stands at their end.
MESSAGES_BYTES = 1 << 20
#: Lines at the end of its messages in which a program says why it ended.
LAST_LINES = 8
#: What a pipe of frames holds: with the usual 64 KiB, both ends wait for each other all the time.
PIPE_BYTES = 1 << 20
_FIRST = ("-hide_banner", "-nostdin", "-nostats", "-y")


@dataclass(frozen=True, slots=True)
class Done:
    """What a run left: its standard output, and its messages."""

    output: bytes
    words: str


@dataclass(frozen=True, slots=True)
class _Aside:
    """A pipe beside the standard ones: its two ends, and who takes what comes."""

    reads: int
    writes: int
    heard: Callable[[bytes], object]


def run_ffmpeg(
    graph: Any,
    *,
    what: str,
    deadline_s: float,
    on_progress: OnProgress | None = None,
    limits: Limits | None = None,
) -> Done:
    """Compile a graph of ffmpeg-python and run it to its end.

    Raises ToolFailed with the last words (not permanent when it was killed), Unavailable when the
    machine lacks something, ValueError for an input that is no plain file.
    """
    first, arguments = [find().ffmpeg, *_FIRST], guard(graph.get_args())
    limits = limits or Limits()
    if on_progress is None:
        return _run([*first, *arguments], what, deadline_s, limits)
    aside = _Aside(*os.pipe(), Reader(on_progress).feed)
    try:
        progress = ("-progress", f"pipe:{aside.writes}", "-stats_period", "0.2")
        return _run([*first, *progress, *arguments], what, deadline_s, limits, aside)
    finally:
        os.close(aside.reads)


def run_ffprobe(file: Path, *words: str, deadline_s: float) -> Any:
    """Return what ffprobe says of a file as JSON; ``words`` are its options.

    Raises ToolFailed when it cannot read the file.
    """
    command = [find().ffprobe, "-v", "error", "-of", "json", *words, *guarded_input(file)]
    return json.loads(_run(command, "ffprobe", deadline_s, Limits()).output)


def run(command: Sequence[str], *, what: str, deadline_s: float) -> tuple[bytes, str]:
    """Run a program to its end; return its output and its messages.

    Raises ToolFailed with its last words, not permanent when it was killed.
    """
    done = _run(command, what, deadline_s, Limits())
    return done.output, done.words


def _run(
    command: Sequence[str],
    what: str,
    deadline_s: float,
    limits: Limits,
    aside: _Aside | None = None,
) -> Done:
    output: list[bytes] = []
    with tempfile.TemporaryFile() as messages:
        try:
            process = _start(
                command,
                limits,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=messages,
                pass_fds=(aside.writes,) if aside else (),
            )
        finally:
            if aside:
                os.close(aside.writes)  # the child's end: ours would keep the pipe open for ever
        assert process.stdout is not None
        listeners: dict[int, Callable[[bytes], object]] = {process.stdout.fileno(): output.append}
        if aside:
            listeners[aside.reads] = aside.heard
        try:
            _listen(listeners, process, time.monotonic() + deadline_s)
        except subprocess.TimeoutExpired as error:
            words = f"gave no answer in {deadline_s:g} s"
            tail = last_words(messages)
            raise ToolFailed(what, words, permanent=False, tail=tail) from error
        finally:
            process.kill()  # harmless when it has ended
            process.wait()
            process.stdout.close()
        words = _read_end(messages, MESSAGES_BYTES)
    check(process.returncode, what=what, words=words)
    return Done(b"".join(output), words)


def _start(command: Sequence[str], limits: Limits, **streams: Any) -> subprocess.Popen[bytes]:
    """Start a program within limits, in a folder of its own.

    The folder is gone once the program runs: nothing is found there and nothing is left there,
    however the two of us end.
    """
    with tempfile.TemporaryDirectory() as nowhere:
        return subprocess.Popen(
            list(command),
            cwd=nowhere,
            preexec_fn=confined(limits),  # noqa: PLW1509 - the child makes system calls only
            **streams,
        )


def _listen(
    listeners: dict[int, Callable[[bytes], object]],
    process: subprocess.Popen[bytes],
    deadline: float,
) -> None:
    """Hand over what comes until every pipe is closed and the program has ended."""
    with selectors.DefaultSelector() as waiting:
        for descriptor, listener in listeners.items():
            waiting.register(descriptor, selectors.EVENT_READ, listener)
        while waiting.get_map():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in waiting.select(left_s):
                if data := os.read(key.fd, 1 << 16):
                    key.data(data)
                else:
                    waiting.unregister(key.fd)
        process.wait(max(0.0, deadline - time.monotonic()))


def check(code: int, *, what: str, words: str) -> None:
    """Raise ToolFailed unless a program ended well, Unavailable when it found the disk full."""
    if code == 0:
        return
    check_room(words)
    tail = words.strip()[-TAIL_CHARS:]
    if code < 0:
        if -code == signal.SIGXFSZ:  # the same inputs would meet this limit again
            raise ToolFailed(what, "wrote a larger file than it may", tail=tail)
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
    return _read_end(messages, 4 * TAIL_CHARS).strip()[-TAIL_CHARS:]


def _read_end(messages: IO[bytes], most: int) -> str:
    size = messages.seek(0, 2)
    messages.seek(max(0, size - most))
    return messages.read().decode(errors="replace")


class Pipe:
    """A program that reads raw frames from its standard input."""

    def __init__(self, command: Sequence[str], *, what: str, limits: Limits | None = None) -> None:
        self._what = what
        self._messages: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the pipe
        self._process = _start(
            command,
            limits or Limits(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._messages,
            bufsize=0,
        )
        assert self._process.stdin is not None
        with contextlib.suppress(PermissionError):  # a system may allow less; it only costs time
            fcntl.fcntl(self._process.stdin.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)

    @classmethod
    def ffmpeg(cls, graph: Any, *, what: str, limits: Limits | None = None) -> Pipe:
        """Start ffmpeg on a graph whose first input is raw frames on the standard input."""
        quiet = ("-v", "error")
        command = [find().ffmpeg, *_FIRST, *quiet, *guard(graph.get_args())]
        return cls(command, what=what, limits=limits)

    def write(self, data: bytes | bytearray) -> None:
        """Hand over bytes. Raises ToolFailed with the program's last words when it ended.

        A bytearray of more than ``PIPE_BYTES`` is lent: it must stay as it is until another one
        was written, or the program has ended.
        """
        stdin = self._process.stdin
        assert stdin is not None
        try:
            view = memoryview(data)
            if isinstance(data, bytearray) and len(data) > PIPE_BYTES:
                view = view[lend(stdin.fileno(), data) :]
            while view:
                view = view[stdin.write(view) :]
        except BrokenPipeError as error:
            code, words = self._process.wait(), self._tail()
            check_room(words)
            check(code, what=self._what, words=words)
            raise ToolFailed(self._what, "stopped reading", tail=words) from error

    def finish(self, deadline_s: float = 600.0) -> None:
        """Close the input and wait for the end. Raises ToolFailed when it did not end well."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            code = self._process.wait(deadline_s)
        except subprocess.TimeoutExpired as error:
            words = f"did not end within {deadline_s:g} s"
            raise ToolFailed(self._what, words, permanent=False) from error
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
