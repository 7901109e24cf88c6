"""Frames are lent to the encoder's pipe: what arrives is what was composed, and nothing newer."""

from __future__ import annotations

import errno
import os
import random
import sys
import threading
from pathlib import Path

import pytest

from lib.media.reel import film
from lib.media.reel.planes import Frame
from lib.media.runner import ffmpeg_run, lend
from lib.media.runner.ffmpeg_run import PIPE_BYTES, Pipe

SIZE = (1080, 1080)
SLOW = (
    "import sys, time\n"
    "out = open(sys.argv[1], 'wb')\n"
    "while data := sys.stdin.buffer.read1(100_000):\n"
    "    time.sleep(0.002)\n"
    "    out.write(data)\n"
)


def frames_through_a_slow_pipe(tmp_path: Path, count: int) -> tuple[bytes, bytes]:
    """Feed frames to a reader that is late; return what was composed and what arrived."""
    arrived, noise, composed = tmp_path / "arrived", random.Random(1), []
    frames = [Frame(SIZE) for _ in range(film.AHEAD)]

    def compose(number: int, frame: Frame) -> None:
        frame.data[:] = noise.randbytes(len(frame.data))
        composed.append(bytes(frame.data))

    pipe = Pipe([sys.executable, "-c", SLOW, str(arrived)], what="a slow reader")
    film._feed(pipe, compose, range(count), frames)
    pipe.finish(30)
    return b"".join(composed), arrived.read_bytes()


def test_no_frame_is_composed_anew_while_it_is_still_read(tmp_path: Path) -> None:
    assert len(Frame(SIZE).data) > PIPE_BYTES  # else it would be copied
    composed, arrived = frames_through_a_slow_pipe(tmp_path, 9)
    assert arrived == composed


def test_where_memory_cannot_be_lent_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lend, "_vmsplice", lambda: None)
    composed, arrived = frames_through_a_slow_pipe(tmp_path, 3)
    assert arrived == composed


def test_what_cannot_be_lent_to_is_told_by_nothing_taken(tmp_path: Path) -> None:
    with (tmp_path / "no pipe").open("wb") as file:
        assert lend.lend(file.fileno(), bytearray(8192)) == 0


def test_a_reader_that_has_gone_is_an_error_as_for_a_write() -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with pytest.raises(BrokenPipeError) as failed:
        lend.lend(writes, bytearray(8192))
    os.close(writes)
    assert failed.value.errno == errno.EPIPE


def test_lending_waits_for_the_reader() -> None:
    reads, writes = os.pipe()
    data, got = bytearray(random.Random(2).randbytes(4 * ffmpeg_run.PIPE_BYTES)), bytearray()

    def read() -> None:
        while piece := os.read(reads, 1 << 16):
            got.extend(piece)

    reader = threading.Thread(target=read)
    reader.start()
    taken = lend.lend(writes, data)
    os.close(writes)
    reader.join()
    os.close(reads)
    assert (taken, got) == (len(data), data)
