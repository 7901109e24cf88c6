"""Captions that nobody could follow are refused in words, and what we write is accepted."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from lib.core.checks import Check, faults
from lib.core.errors import ToolFailed, Unavailable
from lib.media.captions.cue import cues
from lib.media.captions.files import srt, vtt
from lib.media.probe import probe
from lib.media.toolbox import MediaTools
from lib.ports import ToolCall
from tests.media.speech_checks import captions_check, words_check
from tests.media.test_captions import TEXT, spoken

WORDS = spoken(TEXT)
SRT, VTT = srt(cues(WORDS)), vtt(cues(WORDS), word_times=True)
SECONDS = WORDS[-1].stop_s
SUBRIP = captions_check("application/x-subrip", TEXT, seconds=SECONDS)
WEBVTT = captions_check("text/vtt", TEXT, seconds=SECONDS)
TIMED = words_check(TEXT)
HEAD = {"language": "en", "source": "hand", "seconds": SECONDS}
ENTRIES = [{"text": w.text, "start_s": w.start_s, "stop_s": w.stop_s} for w in WORDS]


def wrong(tmp_path: Path, data: str | bytes, check: Check) -> str:
    """Return what is wrong with a file, as ``perform`` would say it."""
    file = tmp_path / "x"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return "; ".join(faults(check, file.stat().st_size, probe(file, check.media_type)))


def test_what_we_write_is_accepted(tmp_path: Path) -> None:
    assert wrong(tmp_path, SRT, SUBRIP) == ""
    assert wrong(tmp_path, VTT, WEBVTT) == ""
    assert wrong(tmp_path, vtt(cues(WORDS)), WEBVTT) == ""
    assert wrong(tmp_path, json.dumps(HEAD | {"entries": ENTRIES}), TIMED) == ""


def test_what_others_write_well_is_accepted(tmp_path: Path) -> None:
    theirs = SRT.replace("\n", "\r\n").encode("utf-8-sig")
    assert wrong(tmp_path, theirs, SUBRIP) == ""
    head = "WEBVTT - by hand\nKind: captions\n\nNOTE\nno captions\n\nSTYLE\n::cue {}\n\n"
    body = VTT.partition("\n\n")[2].replace("00:00:0", "00:0", 1).replace("\n\n", "\n\nname\n", 1)
    assert wrong(tmp_path, head + body, WEBVTT) == ""


def shifted(by_s: float) -> str:
    return srt(cues([type(w)(w.text, w.start_s + by_s, w.stop_s + by_s) for w in WORDS]))


def first(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


TIMES = SRT.splitlines()[1]
BAD: dict[str, tuple[str | bytes, Check, str]] = {
    "without captions": ("WEBVTT\n", WEBVTT, "too few entries (entries is 0"),
    "blank": ("\n \n", SUBRIP, "too few entries"),
    "of the other kind": (VTT, SUBRIP, "type is text/vtt, expected application/x-subrip"),
    "SubRip called WebVTT": (SRT, WEBVTT, "type is application/x-subrip, expected text/vtt"),
    "with a comma for a point": (
        first(VTT, ".", ","),
        WEBVTT,
        "cannot be read: caption 1 has no times",
    ),
    "with a point for a comma": (first(SRT, ",", "."), SUBRIP, "caption 1 has no times"),
    "misnumbered": (first(SRT, "\n2\n", "\n3\n"), SUBRIP, "caption 2 has not its number but “3”"),
    "without a number": (SRT[2:], SUBRIP, "caption 1 has not its number"),
    "without words": ("1\n" + TIMES + "\n\n", SUBRIP, "caption 1 has no words"),
    "running backwards": (
        first(SRT, TIMES, " --> ".join(reversed(TIMES.split(" --> ")))),
        SUBRIP,
        "its times do not follow each other",
    ),
    "overlapping": (
        first(SRT, TIMES, TIMES[:17] + "00:00:04,900"),
        SUBRIP,
        "its times do not follow each other",
    ),
    "of another film": (shifted(600.0), SUBRIP, "end of the last words is 6"),
    "cut to its beginning": (
        SRT[: SRT.index("\n2\n")],
        SUBRIP,
        "the words stand for too short a time",
    ),
    "of three lines": (
        first(SRT, "\n\n2\n", "\nmore\nand more\n\n2\n"),
        SUBRIP,
        "number of lines of a caption is",
    ),
    "with a line too wide": (
        first(SRT, "\n\n2\n", " and so on and on, and on\n\n2\n"),
        SUBRIP,
        "width of a caption's line is",
    ),
    "too fast to be read": (
        first(SRT, TIMES, TIMES[:17] + "00:00:00,500"),
        SUBRIP,
        "reading speed of a caption is",
    ),
    "that are no text": (b"\xff\xfe1\x00\n\x00", SUBRIP, "cannot be read: it is not UTF-8 at byte"),
    "cut within a time": (SRT[: SRT.rindex("-->") + 5], SUBRIP, "has no times"),
    "of hours that nobody counts": (
        first(first(SRT, "00:00:", "9" * 400 + ":00:"), "--> 00:", f"--> {'9' * 400}:"),
        SUBRIP,
        "caption 1 has no times",
    ),
    "in digits of another script": (
        first(SRT, "00:00:", "٠٠:00:"),
        SUBRIP,
        "caption 1 has no times",
    ),
    "of minutes past sixty": (first(SRT, "00:00:", "00:61:"), SUBRIP, "caption 1 has no times"),
    "words without an end": (
        json.dumps(
            HEAD | {"entries": [*ENTRIES[:-1], {"text": "x", "start_s": 1, "stop_s": None}]}
        ),
        TIMED,
        "cannot be read",
    ),
    "words out of order": (
        json.dumps(HEAD | {"entries": [*ENTRIES[1:], ENTRIES[0]]}),
        TIMED,
        "its times do not follow each other",
    ),
    "a word missing": (json.dumps(HEAD | {"entries": ENTRIES[1:]}), TIMED, "too few entries"),
    "words of no length": (
        json.dumps(HEAD | {"entries": [{**e, "stop_s": e["start_s"]} for e in ENTRIES]}),
        TIMED,
        "the words stand for too short a time",
    ),
    "a word that never ends": (
        json.dumps(HEAD | {"entries": [*ENTRIES[:-1], {**ENTRIES[-1], "stop_s": 1e9}]}),
        TIMED,
        f"entries {len(ENTRIES) - 1} stop_s: Input should be less than or equal to 7200",
    ),
    "a word that ends beyond all numbers": (
        json.dumps(HEAD | {"entries": [*ENTRIES[:-1], {**ENTRIES[-1], "stop_s": 10**400}]}),
        TIMED,
        "cannot be read",
    ),
    "words at no time": (
        json.dumps(HEAD | {"entries": [{**e, "start_s": float("nan")} for e in ENTRIES]}),
        TIMED,
        "entries 0 start_s: Input should be a finite number",
    ),
    "words of no language": (
        json.dumps({"entries": ENTRIES}),
        TIMED,
        "cannot be read: language: Field required",
    ),
    "a text for words": (
        json.dumps(HEAD | {"entries": "a" * 99}),
        TIMED,
        "its entries are no list",
    ),
    "times without words": (
        json.dumps(HEAD | {"entries": [{"start_s": 0, "stop_s": 1}] * 99}),
        TIMED,
        "entries 0 text: Field required",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_captions_are_refused_in_words(tmp_path: Path, kind: str) -> None:
    data, check, words = BAD[kind]
    assert words in wrong(tmp_path, data, check)


def test_a_file_too_large_for_captions_is_not_read(tmp_path: Path) -> None:
    assert "too large for captions" in wrong(tmp_path, SRT + "\n" * 4_000_001, SUBRIP)


def test_a_document_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    assert "too large for a sealed document" in wrong(tmp_path, "[" * 4_000_001, TIMED)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"garbage", "the times of the words cannot be read: Invalid JSON.*; make them again"),
        (b'{"entries": []}', "the times of the words cannot be read: language: Field required"),
        (json.dumps(HEAD | {"entries": [{**ENTRIES[0], "text": " \u200b"}]}), "there are no words"),
    ],
)
def test_words_that_no_captions_can_be_made_of_are_refused_in_words(
    tools: MediaTools, tmp_path: Path, data: str | bytes, words: str
) -> None:
    file, makes = tmp_path / "w.json", {"srt": tmp_path / "c.srt"}
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    with pytest.raises(ToolFailed, match=words):
        tools.run(ToolCall("captions", {}, {"words": file}, makes, tmp_path, 60))


def test_tags_that_never_end_cost_no_time(tmp_path: Path) -> None:
    began_s = time.process_time()
    assert wrong(tmp_path, first(VTT, "\nBread", "\n" + "<" * 200_000 + "Bread"), WEBVTT)
    assert time.process_time() - began_s < 1.0


def test_a_machine_without_memory_says_nothing_against_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_memory(file: Path) -> dict[str, object]:
        raise MemoryError

    monkeypatch.setattr("lib.media.probe.captions.measure", out_of_memory)
    with pytest.raises(Unavailable, match="the memory is used up"):
        wrong(tmp_path, SRT, SUBRIP)
