"""Captions that can be read: fitting, in order, long enough, and understood by a parser of others."""

from __future__ import annotations

import html
import io
import itertools
import re
from itertools import pairwise
from pathlib import Path

import pytest
import webvtt
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.core.checks import Check, faults
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
    width,
)
from lib.media.captions.files import srt, vtt
from lib.media.captions.groups import _parted
from lib.media.probe import probe
from lib.media.text.clusters import characters
from tests.media.caption_sheet import TEXTS
from tests.media.speech_checks import MOST_LINES, MOST_WIDE

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
        assert sum(map(width, cue.lines)) / (cue.stop_s - cue.start_s) <= READ_PER_S + 0.1
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


def test_a_shortened_word_ends_a_cue_only_where_it_ends_a_sentence() -> None:
    before, after = "All that he ever said to her was No.", "It is not true in the least, he said."
    assert any(end.endswith("No.") for end in ends_of(f"{before} {after}"))
    assert not any(end.endswith("No.") for end in ends_of("we read about it in No. 5 of that year"))


def ends_of(text: str) -> list[str]:
    return [cue.lines[-1] for cue in cues(spoken(text, pause_s=0.0))]


def test_a_pause_parts_two_cues_and_the_first_does_not_stand_through_it() -> None:
    words = (Word("before", 0.0, 0.6), Word("after", 6.0, 6.5))
    first, second = cues(words)
    assert first.stop_s < 3
    assert second.start_s <= 6.0


def test_a_short_word_stands_for_a_second_where_there_is_room() -> None:
    (cue,) = cues((Word("Now!", 2.0, 2.2),))
    assert (cue.start_s, cue.stop_s) == (2.0, 3.0)


ALPHABET = st.one_of(
    st.sampled_from(
        "abcdefghij.,!?语文—「」、。（）가나다라パンＡＢ１ก็าน้ำक्षิé🎉👍🏽❤\ufe0f\u200d\u0301\u200b"
    ),
    st.sampled_from(["👩‍👩‍👧‍👦", "🇩🇪", "각", "ပြည်", "https://", "x" * 33]),
)


@given(
    st.lists(
        st.tuples(
            st.lists(ALPHABET, min_size=1, max_size=40).map("".join),
            st.floats(0, 2),
            st.floats(0, 2),
        ),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=120, deadline=None)
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
        assert cue.stop_s - cue.start_s >= 0.099
    for before, after in pairwise(made):
        assert before.stop_s <= after.start_s + 0.001
    seen = [text for text, _, _ in given_words if width(text) and text.isprintable()]
    whole = "".join(word.text for cue in made for word in cue.words)
    assert [text for text in seen if text not in whole] == []
    plain = html.unescape(re.sub(r"<[\d:.]+>", "", vtt(made, word_times=True)))
    assert plain == html.unescape(vtt(made))


def test_words_that_go_back_in_time_are_refused_by_name() -> None:
    with pytest.raises(ToolFailed, match=r"the word 'two' is spoken from 0 to 1 s, after"):
        cues((Word("one", 3.0, 4.0), Word("two", 0.0, 1.0)))


def at_once(text: str, seconds: float = 12.0) -> tuple[Word, ...]:
    """Return a text that somebody gives as one word."""
    return (Word(text, 0.0, seconds),)


def test_ideographs_are_wide_and_break_without_spaces() -> None:
    made = cues(at_once("冷蔵庫に入れたパンはかえって早く固くなります。冷凍庫なら新鮮なままです。"))
    assert len(made) == 2
    assert all(" " not in line for cue in made for line in cue.lines)
    assert all(width(line) <= LINE_CHARACTERS for cue in made for line in cue.lines)


@pytest.mark.parametrize(
    "text",
    [
        "冷蔵庫に入れたパンはか。えって早く固くなります",
        "彼は「冷蔵庫に入れたパンはかえって「早く」固くなる」と言った",
        "昨日のパンは（二〇二六年に）「東京」で、チョコレートと食べた！",
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_no_line_begins_with_a_closing_mark_or_ends_with_an_opening_one(
    text: str, *, apart: bool
) -> None:
    words = [Word(each, n, n + 1) for n, each in enumerate(text)] if apart else at_once(text)
    lines = [line for cue in cues(words) for line in cue.lines]
    assert "".join(lines) == text
    assert len(lines) >= 2
    assert not [line for line in lines if line[0] in "、。」）！ー" or line[-1] in "「（"]


def test_words_of_hangul_and_emoji_keep_the_spaces_between_them() -> None:
    assert joined([Word("안녕", 0, 1), Word("세계", 1, 2)]) == "안녕 세계"
    assert joined([Word("🎉", 0, 1), Word("🎉", 1, 2)]) == "🎉 🎉"
    assert joined([Word("パン", 0, 1), Word("屋", 1, 2), Word("AI", 2, 3)]) == "パン屋 AI"
    assert lines_of([Word("안녕" * 4, 0, 1), Word("세계" * 4, 1, 2), Word("안녕", 2, 3)]) == (
        "안녕" * 4,
        "세계" * 4 + " 안녕",
    )


#: What no bundled font shows or only a file of captions holds.
MORE = {
    "ko-long": "냉장고속의빵은밖에둔빵보다훨씬더빨리굳어버리고맙니다 정말로",
    "fullwidth": "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ０１２３",
}


@pytest.mark.parametrize("language", ["ko", "ko-long", "en-run", "fullwidth", "th"])
def test_scripts_that_are_wide_or_without_spaces_are_timed_word_by_word(language: str) -> None:
    text = (TEXTS | MORE)[language]
    made = cues(spoken(text, per_s=8.0))
    check(made, tuple(word for cue in made for word in cue.words))
    told = vtt(made, word_times=True)
    assert "".join(line for cue in made for line in cue.lines).replace(" ", "") == text.replace(
        " ", ""
    )
    times = re.findall(r"<([\d:.]+)>", told)
    assert len(times) >= 4
    assert times == sorted(set(times))


@pytest.mark.parametrize(
    "text",
    [
        "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิต่างมีเหตุผลและมโนธรรม",
        "មនុស្សទាំងអស់កើតមកមានសេរីភាពនិងភាពស្មើគ្នាក្នុងសេចក្តីថ្លៃថ្នូរនិងសិទ្ធិ",
        "कार्यक्रम" * 8,
        "e\u0301" * 90,
        "👩‍👩‍👧‍👦" * 40,
        "👍🏽" * 40,
    ],
)
def test_no_character_is_cut_and_nothing_comes_between_its_parts(text: str) -> None:
    (lines,) = [[line for cue in cues(at_once(text)) for line in cue.lines]]
    assert "".join(lines) == text
    assert len(lines) >= 2
    whole = set(itertools.accumulate(map(len, characters(text))))
    assert set(itertools.accumulate(map(len, lines))) <= whole
    wide = LINE_CHARACTERS - 12
    parts = [part.text for part in _parted(at_once(text)[0], wide, None)]
    assert "".join(part.removesuffix("-") for part in parts) == text
    ends = itertools.accumulate(len(part.removesuffix("-")) for part in parts)
    assert set(ends) <= whole


@pytest.mark.parametrize("length", [200, 400])
def test_a_word_of_hundreds_of_characters_shares_its_time_out(tmp_path: Path, length: int) -> None:
    made = cues([Word("x" * length, 0.0, 5.0), Word("end.", 5.0, 5.5)])
    check(made, tuple(word for cue in made for word in cue.words))
    assert all(cue.stop_s - cue.start_s > 0.3 for cue in made)
    accepted(tmp_path, made)


def test_words_that_all_come_at_one_time_still_stand_one_after_another(tmp_path: Path) -> None:
    made = cues([Word(f"word{number:04}", 1.0, 1.0) for number in range(60)])
    assert len(made) > 6
    assert all(cue.stop_s - cue.start_s >= 0.099 for cue in made)
    accepted(tmp_path, made)


def accepted(tmp_path: Path, made: tuple[Cue, ...]) -> None:
    """Assert that our own check accepts our own files."""
    for kind, text in (("application/x-subrip", srt(made)), ("text/vtt", vtt(made))):
        file = tmp_path / "x"
        file.write_text(text, "utf-8")
        limits = {"max_lines": MOST_LINES, "max_widest": MOST_WIDE}
        wanted = Check(media_type=kind, min_entries=len(made), in_order=True, **limits)
        assert faults(wanted, file.stat().st_size, probe(file, kind)) == ()


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>bold</b>", "‹b›bold‹/b›"),
        ('<font color="red">x', '‹font color="red"›x'),
        ("{\\an8}up", "(\\an8)up"),
        ("{y:i}it", "(y:i)it"),
        ("5 < 6 > 4 <3 {a} x<y", "5 < 6 > 4 <3 {a} x<y"),
        ("--> <i", "→ <i"),
    ],
)
def test_what_a_player_takes_for_a_tag_of_subrip_means_nothing(text: str, shown: str) -> None:
    assert shown in srt((Cue(0.0, 9.0, (text,), ()),))


def test_each_word_of_a_timed_cue_has_its_time_once_it_is_spoken() -> None:
    words = (Word("Slice", 1.0, 1.4), Word("it", 1.5, 1.7), Word("first", 1.8, 2.5))
    told = vtt(cues(words), word_times=True)
    assert "Slice <00:00:01.500>it <00:00:01.800>first" in told
    assert "00:00:01.000 --> 00:00:02.500" in told


def test_an_hour_is_counted() -> None:
    told = vtt((Cue(3661.0005, 3662.9999, ("late",), ()),))
    assert "01:01:01.000 --> 01:01:03.000" in told
