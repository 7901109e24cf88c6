"""Captions that can be read: fitting, in order, long enough, and understood by a parser of others."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.core.errors import ToolFailed
from lib.media.captions.cue import (
    EARLY_S,
    LEAST_S,
    LINE_CHARACTERS,
    LINES,
    READ_PER_S,
    Cue,
    Word,
    cues,
    joined,
    lines_of,
    spread,
    width,
)
from lib.media.captions.files import srt, vtt
from lib.media.sound.speech import Window, windows_of
from tests.media import voices

TEXT = (
    "Bread goes stale faster in the refrigerator, because cold makes its starch crystallise."
    " The freezer keeps it fresh! Slice it first, and toast what you need."
    " A loaf that was frozen on its first day tastes as it did then."
)


def spoken(text: str, per_s: float = 14.0, pause_s: float = 0.5) -> tuple[Word, ...]:
    """Return words spoken evenly, with a pause after each sentence."""
    words, now = [], 0.3
    for each in text.split():
        length = (width(each) + 1) / per_s
        words.append(Word(each, round(now, 3), round(now + length * 0.9, 3)))
        now += length + (pause_s if each[-1] in ".!?" else 0.0)
    return tuple(words)


def check(made: tuple[Cue, ...], words: tuple[Word, ...]) -> None:
    """Assert what holds for all cues whatever was spoken."""
    assert joined([word for cue in made for word in cue.words]) == joined(words)
    for cue in made:
        assert 1 <= len(cue.lines) <= LINES
        assert all(width(line) <= LINE_CHARACTERS and line.strip() == line for line in cue.lines)
        assert cue.words[0].start_s - EARLY_S - 0.001 <= cue.start_s < cue.stop_s
    for before, after in pairwise(made):
        assert before.stop_s <= after.start_s


def test_cues_hold_all_words_in_order_and_can_be_read_in_their_time() -> None:
    words = spoken(TEXT)
    made = cues(words)
    check(made, words)
    assert len(made) >= 4
    for cue in made:
        assert cue.characters_per_s <= READ_PER_S + 0.1
        assert cue.stop_s - cue.start_s >= LEAST_S - 0.001
        assert cue.start_s <= cue.words[0].start_s
        assert cue.stop_s >= cue.words[-1].stop_s - 0.001


def test_cues_end_where_sentences_end() -> None:
    ends = [cue.lines[-1][-1] for cue in cues(spoken(TEXT))]
    assert ends.count(".") + ends.count("!") == 4
    assert set(ends) <= set(".!,") | set("abcdefghijklmnopqrstuvwxyz")
    assert not any(
        mark in line[:-1]
        for cue in cues(spoken(TEXT))
        for line in [" ".join(cue.lines)]
        for mark in ".!"
    )


def test_a_pause_parts_two_cues_and_the_first_does_not_stand_through_it() -> None:
    words = (Word("before", 0.0, 0.6), Word("after", 6.0, 6.5))
    first, second = cues(words)
    assert first.stop_s < 3
    assert second.start_s <= 6.0


def test_a_short_word_stands_for_a_second_where_there_is_room() -> None:
    (cue,) = cues((Word("Now!", 2.0, 2.2),))
    assert (cue.start_s, cue.stop_s) == (2.0, 3.0)


@given(
    st.lists(
        st.tuples(
            st.text("abcdefghij.,!?语文—", min_size=1, max_size=40),
            st.floats(0, 2),
            st.floats(0, 2),
        ),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_whatever_is_spoken_and_however_fast_the_cues_hold_together(
    given_words: list[tuple[str, float, float]],
) -> None:
    words, now = [], 0.0
    for text, pause_s, length_s in given_words:
        start = now + pause_s
        now = start + length_s
        words.append(Word(text, start, now))
    made = cues(words)
    for cue in made:
        assert 1 <= len(cue.lines) <= LINES
        assert all(width(line) <= LINE_CHARACTERS for line in cue.lines)
        assert cue.start_s < cue.stop_s
    for before, after in pairwise(made):
        assert before.stop_s <= after.start_s + 0.001
    whole = "".join(text for text, _, _ in given_words)
    assert "".join(word.text for cue in made for word in cue.words) == whole


def test_words_that_go_back_in_time_are_refused_by_name() -> None:
    with pytest.raises(ToolFailed, match=r"the word 'two' is spoken from 0 to 1 s, after"):
        cues((Word("one", 3.0, 4.0), Word("two", 0.0, 1.0)))


def test_ideographs_are_wide_and_break_without_spaces() -> None:
    words = spread(
        "冷蔵庫に入れたパンはかえって早く固くなります。冷凍庫なら新鮮なままです。",
        [Window(0.0, 12.0)],
    )
    made = cues(words)
    check(made, words)
    assert all(" " not in line for cue in made for line in cue.lines)


def test_no_line_begins_with_the_mark_that_closes_the_one_before() -> None:
    first, second = lines_of("冷蔵庫に入れたパンはか。えって早く固くなります") or ("", "")
    assert first.endswith("。")
    assert not second.startswith("。")


def test_words_without_times_are_shared_out_over_the_speech_by_their_letters() -> None:
    windows = (Window(1.0, 3.0), Window(5.0, 7.0))
    words = spread("one two three four five six", windows)
    assert (words[0].start_s, words[-1].stop_s) == (1.0, 7.0)
    for word in words:
        assert 1.0 <= word.start_s < word.stop_s <= 7.0
        assert not 3.0 <= word.start_s < 5.0
        assert not 3.0 < word.stop_s <= 5.0
    for before, after in pairwise(words):
        assert before.stop_s <= after.start_s


def test_words_are_found_in_a_recording_where_nobody_told_their_times(tmp_path) -> None:
    windows = windows_of(voices.write(tmp_path / "x.wav", voices.voice(8.0)))
    made = cues(spread(TEXT[:90], windows))
    assert made[0].words[0].start_s == pytest.approx(windows[0].start_s)
    assert made[-1].words[-1].stop_s == pytest.approx(windows[-1].stop_s, abs=0.01)


def test_words_over_a_recording_in_which_nobody_speaks_are_refused() -> None:
    with pytest.raises(ToolFailed, match="nobody speaks"):
        spread("words", ())
    assert spread("", ()) == ()


HOSTILE = "a <b>bold</b> --> 00:00:09.000 & <i x> {\\an8} 1\n\n2"


@pytest.mark.parametrize("text", [TEXT, HOSTILE, "x" * 90])
def test_a_parser_of_others_reads_what_was_written(text: str) -> None:
    made = cues(spoken(text))
    subrip = webvtt.from_buffer(io.StringIO(srt(made)), format="srt")
    web = webvtt.from_string(vtt(made), strict=True)
    timed = webvtt.from_string(vtt(made, word_times=True), strict=True)
    for parsed in (subrip, web, timed):
        assert len(parsed.captions) == len(made)
        for caption, cue in zip(parsed.captions, made, strict=True):
            assert caption.start_in_seconds == int(cue.start_s)
            assert caption.start.replace(",", ".").endswith(f"{cue.start_s:.3f}"[-4:])
            assert len(caption.lines) == len(cue.lines)
    for caption, cue in zip(web.captions, made, strict=True):
        assert [html_free(line) for line in caption.raw_text.split("\n")] == list(cue.lines)


def html_free(line: str) -> str:
    return line.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def test_each_word_of_a_timed_cue_has_its_time_once_it_is_spoken() -> None:
    words = (Word("Slice", 1.0, 1.4), Word("it", 1.5, 1.7), Word("first", 1.8, 2.5))
    told = vtt(cues(words), word_times=True)
    assert "Slice <00:00:01.500>it <00:00:01.800>first" in told
    assert "00:00:01.000 --> 00:00:02.500" in told


def test_an_hour_is_counted() -> None:
    told = vtt((Cue(3661.0005, 3662.9999, ("late",), ()),))
    assert "01:01:01.000 --> 01:01:03.000" in told
