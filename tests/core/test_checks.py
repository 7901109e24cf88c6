"""What makes an object valid, and the words when it is not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st
from pydantic import ValidationError

from lib.core.checks import Check, faults
from lib.core.work import Plan
from tests.core.plans import MASTER, PICTURE, SEALED, SPEECH, VIDEO, good_facts, item, reel

#: Everything that may be asked, of things that are no one object.
LOOKS = Check(
    media_type="image/jpeg",
    upright=True,
    colour_mode="RGB",
    progressive=False,
    embedded="nothing",
    min_drawn=97.0,
)
FILM = Check(
    media_type="video/mp4",
    frames=300,
    fps=30.0,
    steady=True,
    video_profile="High",
    max_level=42,
    colours="bt709/bt709/bt709/tv",
    edit_list=False,
    min_lit_s=9.5,
    min_moving_s=8.0,
    min_heard_s=7.5,
    max_drift_s=0.034,
)
CAPTIONS = Check(
    media_type="text/vtt",
    min_entries=3,
    in_order=True,
    min_shown_s=4.8,
    max_ends_s=12.0,
    max_lines=2,
    max_widest=32,
    max_read_per_s=34.0,
)
CHECKS = {
    "looks": LOOKS,
    "film": FILM,
    "captions": CAPTIONS,
    "picture": PICTURE,
    "video": VIDEO,
    "speech": SPEECH,
    "master": MASTER,
    "sealed": SEALED,
}
ASKED = [(name, fact) for name, check in CHECKS.items() for fact in good_facts(check)]


def wrong(check: Check, size: int = 5000, **facts: Any) -> tuple[str, ...]:
    """Return the faults of an object that is good apart from these facts."""
    return faults(check, size, {**good_facts(check), **facts})


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_an_object_that_meets_every_bound_is_valid(check: Check) -> None:
    assert wrong(check) == ()


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_zero_bytes_are_never_valid(check: Check) -> None:
    assert wrong(check, 0) == ("is empty (0 bytes)",)
    assert faults(check.model_copy(update={"min_bytes": 0}), 0, good_facts(check))


@pytest.mark.parametrize(("name", "fact"), ASKED)
def test_a_fact_that_nobody_measured_is_itself_a_fault(name: str, fact: str) -> None:
    check = CHECKS[name]
    facts = {key: value for key, value in good_facts(check).items() if key != fact}
    assert any("unknown" in words for words in faults(check, 5000, facts))


@pytest.mark.parametrize(("name", "fact"), ASKED)
@pytest.mark.parametrize("junk", [None, math.nan, "N/A", [], {}, True])
def test_a_fact_that_is_junk_is_a_fault_and_never_an_exception(
    name: str, fact: str, junk: Any
) -> None:
    check = CHECKS[name]
    if junk is True and good_facts(check)[fact] is True:
        return
    assert wrong(check, **{fact: junk})


def test_an_object_below_its_least_size_is_a_fault() -> None:
    assert wrong(PICTURE, 99) == ("is only 99 bytes, at least 100 expected",)
    assert wrong(PICTURE, 100) == ()


def test_unreadable_bytes_say_why_and_nothing_else_is_guessed() -> None:
    assert faults(VIDEO, 5000, {"unreadable": "moov atom not found"}) == (
        "cannot be read: moov atom not found",
    )
    assert len(faults(VIDEO, 12, {"unreadable": "cut off"})) == 2


@pytest.mark.parametrize(
    ("check", "facts", "words"),
    [
        (LOOKS, {"upright": False}, "a tag turns or stretches it"),
        (LOOKS, {"colour_mode": "CMYK"}, "colour mode is CMYK, expected RGB"),
        (LOOKS, {"progressive": True}, "it is a progressive JPEG"),
        (LOOKS, {"embedded": "exif+gps"}, "what is embedded is exif+gps, expected nothing"),
        (
            LOOKS,
            {"drawn": 50.0},
            "the foot of the picture is empty (drawn is 50, at least 97 expected)",
        ),
        (FILM, {"frames": 299}, "number of frames is 299, expected 300"),
        (FILM, {"fps": 25.0}, "frame rate is 25.0, expected 30.0"),
        (FILM, {"steady": False}, "its frames do not follow each other evenly"),
        (FILM, {"level": 52}, "level is 52, at most 42 allowed"),
        (FILM, {"edit_list": True}, "an edit list hides frames"),
        (FILM, {"lit_s": 0.0}, "the film is black (lit_s is 0, at least 9.5 expected)"),
        (FILM, {"moving_s": 7.9}, "the film stands still (moving_s is 7.9, at least 8 expected)"),
        (FILM, {"heard_s": 0.0}, "the sound is silent (heard_s is 0, at least 7.5 expected)"),
        (
            FILM,
            {"drift_s": 0.1},
            "distance between the ends of picture and sound is 0.1 s, at most 0.034 allowed",
        ),
        (CAPTIONS, {"in_order": False}, "its times do not follow each other"),
        (
            CAPTIONS,
            {"shown_s": 1.0},
            "the words stand for too short a time (shown_s is 1, at least 4.8 expected)",
        ),
        (CAPTIONS, {"ends_s": 13.5}, "end of the last words is 13.5 s, at most 12.0 allowed"),
        (CAPTIONS, {"lines": 3}, "number of lines of a caption is 3, at most 2 allowed"),
        (
            CAPTIONS,
            {"widest": 40},
            "width of a caption's line is 40 characters, at most 32 allowed",
        ),
        (
            CAPTIONS,
            {"read_per_s": 60.0},
            "reading speed of a caption is 60 characters/s, at most 34.0 allowed",
        ),
    ],
)
def test_what_is_seen_and_heard_has_its_words(
    check: Check, facts: dict[str, Any], words: str
) -> None:
    assert wrong(check, **facts) == (words,)


def test_every_bound_that_a_check_knows_is_asked_in_a_test() -> None:
    asked = {bound for check in CHECKS.values() for bound in check.model_dump()}
    assert asked == set(Check.model_fields)


#: A check as records hold it that were written before there were bounds on what is seen.
STORED = {
    "media_type": "video/mp4",
    "min_bytes": 100000,
    "width": 1080,
    "height": 1920,
    "seconds": 10.0,
    "seconds_tolerance": 0.12,
    "video_codec": "h264",
    "pixel_format": "yuv420p",
    "audio_codec": "aac",
    "faststart": True,
    "min_spread": 2.0,
    "lufs": None,
    "lufs_tolerance": 0.5,
    "max_true_peak_dbtp": None,
    "min_entries": None,
}


def test_a_plan_that_was_stored_before_is_read_and_judged_as_it_was() -> None:
    artifact = {"slot": "video", "path": item(reel(), "video").path, "check": STORED}
    step = {"name": "reel_video", "tool": "reel_video", "makes": [artifact], "patience_s": 720.0}
    read = Plan.model_validate({"steps": [step]}).artifacts()[0].check
    then = good_facts(read)
    assert faults(read, 100_000, then) == ()
    assert not {"moving_s", "frames", "upright", "colours"} & then.keys()
    assert faults(read, 100_000, {**then, "seconds": 9.0}) != ()


def test_a_record_holds_only_the_bounds_that_are_asked() -> None:
    assert Check(media_type="image/png", width=9).model_dump() == {
        "media_type": "image/png",
        "min_bytes": 1,
        "width": 9,
        "seconds_tolerance": 0.12,
        "lufs_tolerance": 0.5,
    }
    for check in CHECKS.values():
        assert Check.model_validate_json(check.model_dump_json()) == check


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"media_type": "text/html"}, "type is text/html, expected video/mp4"),
        ({"width": 1081}, "width is 1081, expected 1080"),
        ({"height": 1080}, "height is 1080, expected 1920"),
        ({"video_codec": "vp9"}, "video codec is vp9, expected h264"),
        ({"pixel_format": "yuv444p"}, "pixel format is yuv444p, expected yuv420p"),
        ({"audio_codec": "mp3"}, "audio codec is mp3, expected aac"),
        ({"faststart": False}, "faststart is False, expected True"),
        ({"seconds": 9.8}, "seconds is 9.8 s, expected 10 ± 0.12"),
    ],
)
def test_each_bound_has_its_words(facts: dict[str, Any], words: str) -> None:
    assert wrong(VIDEO, **facts) == (words,)


def test_every_fault_is_named_and_not_only_the_first() -> None:
    assert len(wrong(VIDEO, 50, width=1, height=1, seconds=1.0)) == 4


@pytest.mark.parametrize(("seconds", "valid"), [(9.88, True), (10.12, True), (9.87, False)])
def test_a_duration_may_differ_by_a_frame_or_two(seconds: float, valid: bool) -> None:
    assert (wrong(VIDEO, seconds=seconds) == ()) is valid


@pytest.mark.parametrize(
    ("lufs", "valid"),
    [
        (-16.0, True),
        (-16.5, True),
        (-15.5, True),
        (-16.6, False),
        (-14.0, False),
        (-math.inf, False),
    ],
)
def test_a_master_has_the_loudness_that_was_asked_for(lufs: float, valid: bool) -> None:
    assert (wrong(MASTER, lufs=lufs) == ()) is valid


@pytest.mark.parametrize(("peak", "valid"), [(-1.0, True), (-6.0, True), (-0.9, False), (2, False)])
def test_a_master_does_not_clip(peak: float, valid: bool) -> None:
    assert (wrong(MASTER, true_peak_dbtp=peak) == ()) is valid


def test_a_peak_that_could_not_be_measured_is_refused() -> None:
    words = "true peak is unknown dBTP, at most -1.0 allowed"
    assert wrong(MASTER, true_peak_dbtp=math.nan) == (words,)


def test_a_blank_picture_is_refused_and_a_flat_one_is_not() -> None:
    assert "the picture is blank" in wrong(PICTURE, spread=1.99)[0]
    assert wrong(PICTURE, spread=2.0) == ()


def test_a_sealed_document_without_entries_is_refused() -> None:
    assert wrong(SEALED, entries=0) == ("too few entries (entries is 0, at least 1 expected)",)


def test_a_bound_that_was_not_asked_is_not_checked() -> None:
    assert faults(Check(media_type="video/mp4"), 1, {"media_type": "video/mp4", "width": 7}) == ()


@tuned(max_examples=300, deadline=None, database=None)
@given(
    st.sampled_from(sorted(CHECKS)),
    st.integers(0, 10_000),
    st.dictionaries(
        st.sampled_from(["seconds", "lufs", "width", "spread", "true_peak_dbtp", "unreadable"]),
        st.none() | st.floats() | st.integers() | st.text() | st.booleans() | st.lists(st.none()),
    ),
)
def test_the_verdict_over_any_facts_is_words_and_never_an_exception(
    name: str, size: int, facts: dict[str, Any]
) -> None:
    found = faults(CHECKS[name], size, facts)
    assert all(isinstance(words, str) and words for words in found)


def test_a_check_that_is_kept_is_read_as_it_was_written_or_not_at_all() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Check.model_validate({"media_type": "image/png", "least_bytes": 1})
    check = Check(media_type="image/png")
    with pytest.raises(ValidationError, match="frozen"):
        check.min_bytes = 2  # type: ignore[misc]
