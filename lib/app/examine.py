"""The examiner: what stands between a draft and being made.

Called by the desk for every draft of a burst, whoever wrote it. Pure: the draft, the brand's
facts and what was said lately. Every refusal is a sentence that a writer can act on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lib.core.brand import BrandKit
from lib.core.proposals import LINE_CHARS, REEL_LINES, Draft, Past, Verdict
from lib.core.recipes.carousel import SLIDES
from lib.core.recipes.narration import problems
from lib.core.recipes.pictures import TEMPLATES


class Shape(NamedTuple):
    """What a format consists of."""

    #: Fewest and most lines, by the length in seconds; what has no length counts as 10.
    lines: Mapping[int, tuple[int, int]]
    slides: int = 0
    #: Characters of a line at most; None where no clock runs.
    line_chars: int | None = None


SHAPES: Mapping[str, Shape] = {
    "post": Shape(lines={10: (1, 1), 30: (1, 1)}),
    "carousel": Shape(lines={10: (0, 0), 30: (0, 0)}, slides=SLIDES),
    "reel": Shape(lines=REEL_LINES, line_chars=LINE_CHARS),
}
#: Instagram refuses a post with more than 30 hashtags.
MAX_HASHTAGS = 30
_HASHTAG = re.compile(r"#[A-Za-z][A-Za-z0-9_]{1,48}")
_LINK = re.compile(r"https?://|www\.|\b[a-z0-9-]+\.(?:com|org|net|io)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def examine(draft: Draft, kit: BrandKit, history: tuple[Past, ...]) -> Verdict:
    """Return the verdict on a draft; ``history`` is what was said in the last 30 days."""
    reasons = (
        *_facts(draft, kit),
        *_shape(draft),
        *_words(draft),
        *_numbers(draft, kit),
        *(words for words, _ in problems(draft, kit)),
        *_repetition(draft, history),
    )
    return Verdict(accepted=not reasons, reasons=reasons)


def _facts(draft: Draft, kit: BrandKit) -> Iterator[str]:
    known = {fact.id for fact in kit.facts}
    if not draft.facts:
        yield "it states no fact of the fact sheet"
    for fact in draft.facts:
        if fact not in known:
            yield f"it rests on the fact {fact!r}, which is not on the fact sheet"
    if draft.template and draft.template not in kit.in_turn(TEMPLATES[draft.format], ""):
        yield f"{kit.slug} has no template {draft.template!r} for a {draft.format}"
    if draft.brand != kit.slug:
        yield f"it is for {draft.brand}, but was examined for {kit.slug}"


def _shape(draft: Draft) -> Iterator[str]:
    shape = SHAPES[draft.format]
    if len(draft.slides) != shape.slides:
        yield f"a {draft.format} has {shape.slides} slides, not {len(draft.slides)}"
    least, most = shape.lines[draft.seconds]
    least = 0 if draft.narration else least
    if not least <= len(draft.lines) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        yield f"a {draft.format} of this length has {wanted} lines, not {len(draft.lines)}"
    for line in draft.lines:
        if shape.line_chars is not None and len(line) > shape.line_chars:
            yield f"the line “{line[:30]}…” has {len(line)} characters, at most {shape.line_chars}"


def _words(draft: Draft) -> Iterator[str]:
    for text in _shown(draft):
        if not text.strip():
            yield "a text is empty"
        if _LINK.search(text):
            yield f"“{text[:40]}” holds a link, which nobody can follow in a picture"
    if _LINK.search(draft.caption):
        yield "the caption holds a link"
    if len(draft.hashtags) > MAX_HASHTAGS:
        yield f"{len(draft.hashtags)} hashtags, at most {MAX_HASHTAGS} are allowed"
    for tag in draft.hashtags:
        if not _HASHTAG.fullmatch(tag):
            yield f"{tag!r} is no hashtag; write it as #Word"


def _numbers(draft: Draft, kit: BrandKit) -> Iterator[str]:
    """Every number that is shown must stand in a fact that the draft rests on."""
    used = set(draft.facts)
    sources = " ".join(f"{f.headline} {f.text}" for f in kit.facts if f.id in used)
    known = set(_NUMBER.findall(sources)) | {str(len(draft.facts))}
    for text in _shown(draft):
        for number in _NUMBER.findall(text):
            if number not in known:
                yield f"“{text[:40]}” says {number}, which none of its facts says"


def _repetition(draft: Draft, history: tuple[Past, ...]) -> Iterator[str]:
    title, facts = draft.title.casefold(), frozenset(draft.facts)
    for past in history:
        if past.brand != draft.brand:
            continue
        if past.title.casefold() == title:
            yield f"the title “{draft.title}” was used within the last 30 days"
            return
        if past.format == draft.format and frozenset(past.facts) == facts:
            yield f"a {draft.format} with the same facts was made within the last 30 days"
            return


def _shown(draft: Draft) -> list[str]:
    """Return every text that stands in a picture or a video, or is spoken in one."""
    slides = [text for slide in draft.slides for text in (slide.heading, slide.body) if text]
    spoken = [draft.narration.text] if draft.narration else []
    return [draft.title, *draft.lines, *slides, *spoken]
