"""The runner of ffmpeg: what it lets in, what it limits, what it tells, and that nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import ffmpeg
import pytest

from lib.core.errors import ToolFailed, Unavailable
from lib.media.runner import ffmpeg_run
from lib.media.runner.confine import Limits
from lib.media.runner.ffmpeg_run import Pipe, run_ffmpeg
from lib.media.runner.inputs import guard, name_of
from lib.media.runner.progress import Progress, Reader
from lib.settings import ROOT
from tests.media.conftest import ASSETS
from tests.media.test_toolbox import alive
from tests.waiting import until

BED = ASSETS / "music" / "drift.m4a"
SILENCE = "anullsrc=r=48000:cl=stereo"


def silence(file: Path, seconds: float, **options: object):
    source = ffmpeg.input(SILENCE, format="lavfi", t=seconds)
    return source.output(name_of(file), **options)


def test_every_file_that_goes_in_is_guarded() -> None:
    beds = [ffmpeg.input(name_of(BED.with_stem(stem))) for stem in ("drift", "momentum")]
    graph = ffmpeg.concat(*beds, v=0, a=1)
    arguments = guard(graph.output("-", format="null").get_args())
    assert arguments.count("-i") == 2
    for flag in ("-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_pixels"):
        assert arguments.count(flag) == 2
    assert arguments.count("-t") == 2


@pytest.mark.parametrize(
    "source",
    [
        "x.mp4",
        "-y.mp4",
        "concat:a.mp4|b.mp4",
        "subfile,,start,0,end,9,,:secret",
        "http://127.0.0.1/x.mp4",
        "data:text/plain,x",
        "pipe:0",
        "file:relative.mp4",
    ],
)
def test_what_is_no_plain_file_is_not_even_tried(source: str) -> None:
    with pytest.raises(ValueError, match="no input that ffmpeg may open"):
        run_ffmpeg(ffmpeg.input(source).output("-", format="null"), what="x", deadline_s=5)


def test_a_generator_that_reads_files_is_none_of_ours() -> None:
    source = ffmpeg.input("movie=/etc/passwd", format="lavfi")
    with pytest.raises(ValueError, match="no input that ffmpeg may open"):
        run_ffmpeg(source.output("-", format="null"), what="x", deadline_s=5)


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{bed}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{bed}'\n",
    ],
)
def test_a_script_in_disguise_opens_no_neighbour(tmp_path: Path, text: str) -> None:
    lure = tmp_path / "x.m4a"
    lure.write_text(text.format(bed=BED))
    with pytest.raises(ToolFailed, match="ended with code") as failed:
        run_ffmpeg(ffmpeg.input(name_of(lure)).output("-", format="null"), what="x", deadline_s=9)
    assert failed.value.permanent
    assert "whitelist" in failed.value.tail.lower()


def test_a_codec_that_nobody_needs_is_not_decoded(tmp_path: Path) -> None:
    file = tmp_path / "x.mp4"
    run_ffmpeg(silence(file, 0.2, acodec="ac3"), what="x", deadline_s=9)
    with pytest.raises(ToolFailed) as failed:
        run_ffmpeg(ffmpeg.input(name_of(file)).output("-", format="null"), what="x", deadline_s=9)
    assert "not on whitelist" in failed.value.tail


def test_progress_only_ever_grows_and_ends_at_the_end(tmp_path: Path) -> None:
    told: list[Progress] = []
    graph = ffmpeg.input(name_of(BED)).output(name_of(tmp_path / "x.m4a"), acodec="aac", t=30)
    run_ffmpeg(graph, what="x", deadline_s=60, on_progress=told.append)
    times = [one.out_time_s for one in told]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(30, abs=0.05)
    assert [one.ended for one in told] == [False] * (len(told) - 1) + [True]


def test_progress_that_goes_back_or_cannot_be_read_is_not_passed_on() -> None:
    told: list[Progress] = []
    reader = Reader(told.append)
    for out_time_us, frame in (("N/A", "N/A"), ("2000000", "60"), ("-9223372036854775807", "3")):
        block = f"frame={frame}\nout_time_us={out_time_us}\nspeed= 2.5x\nprogress=continue\n"
        for byte in block.encode():
            reader.feed(bytes([byte]))
    assert [(one.frames, one.out_time_s, one.speed) for one in told] == [
        (0, 0.0, 2.5),
        (60, 2.0, 2.5),
        (60, 2.0, 2.5),
    ]


def test_a_run_that_takes_too_long_is_killed_and_may_be_tried_again(tmp_path: Path) -> None:
    endless = ffmpeg.input(SILENCE, format="lavfi", re=None).output(name_of(tmp_path / "x.wav"))
    with pytest.raises(ToolFailed, match=r"gave no answer in 0\.5 s") as failed:
        run_ffmpeg(endless, what="x", deadline_s=0.5)
    assert not failed.value.permanent
    assert not alive(str(tmp_path / "x.wav"))


def test_a_file_larger_than_it_may_be_fails_for_good_and_says_so(tmp_path: Path) -> None:
    endless = ffmpeg.input(SILENCE, format="lavfi").output(name_of(tmp_path / "x.wav"))
    with pytest.raises(ToolFailed, match="larger file than it may") as failed:
        run_ffmpeg(endless, what="x", deadline_s=30, limits=Limits(file_bytes=1 << 20))
    assert failed.value.permanent
    assert (tmp_path / "x.wav").stat().st_size <= 1 << 20


def test_an_endless_run_uses_up_its_processor_time_and_no_more(tmp_path: Path) -> None:
    endless = ffmpeg.input(SILENCE, format="lavfi").output("-", format="null")
    with pytest.raises(ToolFailed, match="killed by signal 9"):
        run_ffmpeg(endless, what="x", deadline_s=60, limits=Limits(cpu_s=1))


def test_memory_has_a_limit_too(tmp_path: Path) -> None:
    greedy = [sys.executable, "-c", "x = bytearray(900 << 20)"]
    pipe = Pipe(greedy, what="x", limits=Limits(data_bytes=300 << 20))
    try:
        with pytest.raises(ToolFailed, match="MemoryError"):
            pipe.finish(30)
    finally:
        pipe.kill()


def test_a_reader_of_frames_that_the_system_kills_may_be_tried_again() -> None:
    pipe = Pipe([sys.executable, "-c", "import time; time.sleep(60)"], what="the encoder")
    os.kill(pipe._process.pid, signal.SIGKILL)
    try:
        with pytest.raises(ToolFailed, match="killed by signal 9") as failed:
            pipe.write(bytes(64 << 20))  # more than any pipe holds
    finally:
        pipe.kill()
    assert not failed.value.permanent


def test_a_machine_without_ffmpeg_costs_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> None:
        raise Unavailable("ffmpeg is not there")

    monkeypatch.setattr(ffmpeg_run, "find", nothing)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(Unavailable):
            run_ffmpeg(silence(tmp_path / "x.wav", 1), what="x", deadline_s=5, on_progress=print)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_run_finds_no_file_beside_it_and_leaves_none(tmp_path: Path) -> None:
    lists, leaves = "import os; print(os.listdir())", "open('left', 'w')"
    told, _ = ffmpeg_run.run([sys.executable, "-c", lists], what="x", deadline_s=9)
    assert told.strip() == b"[]"
    with pytest.raises(ToolFailed, match="FileNotFoundError"):
        ffmpeg_run.run([sys.executable, "-c", leaves], what="x", deadline_s=9)


def test_the_last_words_are_in_the_error(tmp_path: Path) -> None:
    missing = ffmpeg.input(name_of(tmp_path / "gone.wav")).output("-", format="null")
    with pytest.raises(ToolFailed, match=r"ended with code .*No such file") as failed:
        run_ffmpeg(missing, what="the meter", deadline_s=9)
    assert "gone.wav" in failed.value.tail


PARENT = """
import sys
import ffmpeg
from pathlib import Path
from lib.media.runner.ffmpeg_run import run_ffmpeg
graph = ffmpeg.input("anullsrc=r=48000:cl=stereo", format="lavfi", re=None)
run_ffmpeg(graph.output(f"file:{sys.argv[1]}"), what="x", deadline_s=600)
"""


def test_who_runs_it_is_killed_and_nothing_is_left_at_work(tmp_path: Path) -> None:
    mark = str(tmp_path / "endless.wav")
    parent = subprocess.Popen([sys.executable, "-c", PARENT, mark], cwd=ROOT)
    try:
        assert until(lambda: len(alive(mark)) >= 2), "ffmpeg never started"
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert until(lambda: not alive(mark))
