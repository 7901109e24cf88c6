"""The offline writer: facts in, publishable drafts out, with no network and no model.

Called by the desk through the Text port. It prefers the facts that were used least, and never
repeats a title, or the same facts in the same format, that stands in the brief's history. When
nothing new is left to say it returns fewer drafts.
"""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from lib.adapters.offline.phrases import (
    CAROUSEL_TITLES,
    COVER_LINES,
    HEADLINE_TITLES,
    MIXED_TITLES,
    OPENERS,
    TOPIC_TITLES,
)
from lib.core.brand import BrandKit, Fact
from lib.core.proposals import LINE_CHARS, REEL_LINES, Brief, Draft, Format, Narration, Slide
from lib.core.recipes.narration import REST_S, STARTS_S
from lib.core.voices import VOICES

#: Facts on the inner slides of a carousel, between cover and call to action.
CAROUSEL_FACTS = 3
#: Of so many reels one is 30 s long and tells two facts whole.
LONG_EVERY = 6
#: Of so many reels of a brand with a voice one is narrated; how many facts a long one tells.
NARRATED_EVERY, LONG_FACTS = 2, (5, 4)
#: The least share of a narrated reel in which somebody speaks.
LEAST_SPOKEN = 0.6
#: Hashtags under a caption: more read as spam.
HASHTAGS = 12
TITLE_CHARS = 90
#: A line of fewer characters that is no sentence reads as a fragment.
FRAGMENT_CHARS = 22
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+")
_CLAUSE = re.compile(r"(?<=,)\s+|\s+(?=(?:and|but|because|which|while|so|than|when|or|if|as)\s)")


class OfflineWriter:
    """Implements Text."""

    def write(self, brief: Brief) -> Sequence[Draft]:
        """Return posts first, then reels; fewer than asked for when nothing new is left."""
        desk = _Desk(brief)
        posts = [desk.post(number) for number in range(brief.posts)]
        reels = [desk.reel(number) for number in range(brief.reels)]
        return [draft for draft in (*posts, *reels) if draft is not None]


class _Desk:
    """One brief being worked on: what was said so far, and what may still be said."""

    def __init__(self, brief: Brief) -> None:
        self._kit = brief.kit
        self._random = random.Random(f"{brief.seed}/{brief.kit.slug}")  # noqa: S311 - taste
        self._titles = {past.title.casefold() for past in brief.history}
        self._said = {(past.format, frozenset(past.facts)) for past in brief.history}
        self._uses = Counter(fact for past in brief.history for fact in past.facts)
        self._carousel_first = self._random.random() < 0.5

    def post(self, number: int) -> Draft | None:
        """Return a carousel or a single post, in turn; the other kind when one is exhausted."""
        makers = [self._carousel, self._statement]
        if (number % 2 == 0) != self._carousel_first:
            makers.reverse()
        return makers[0]() or makers[1]()

    def reel(self, number: int) -> Draft | None:
        """Return a reel of the next kind in turn: mostly 10 s, now and then 30 s."""
        if self._kit.voice and number % NARRATED_EVERY == 0:
            long = number % LONG_EVERY == LONG_EVERY - 2
            if (told := self._narrated(30 if long else 10)) is not None:
                return told
        turn = (number + self._random.randrange(LONG_EVERY)) % LONG_EVERY
        makers = [self._trio_reel, self._deep_reel, self._mixed_reel, self._long_reel]
        first = self._long_reel if turn == LONG_EVERY - 1 else makers[turn % 3]
        makers.sort(key=lambda maker: maker != first)
        return next((draft for maker in makers if (draft := maker()) is not None), None)

    def _statement(self) -> Draft | None:
        sets = ((fact,) for fact in self._kit.facts)
        for facts in self._fresh("post", sets):
            if title := self._title(facts, HEADLINE_TITLES):
                return self._draft("post", facts, title, lines=(facts[0].text,))
        return None

    def _carousel(self) -> Draft | None:
        for facts in self._fresh("carousel", self._by_topic(CAROUSEL_FACTS)):
            if title := self._title(facts, CAROUSEL_TITLES):
                cover = Slide(heading=title, body=self._random.choice(COVER_LINES))
                inner = [Slide(heading=fact.headline, body=fact.text) for fact in facts]
                closing = Slide(heading=self._kit.call_to_action, body=self._kit.handle)
                slides = (cover, *inner, closing)
                return self._draft("carousel", facts, title, slides=slides)
        return None

    def _deep_reel(self) -> Draft | None:
        """Tell one fact in the lines of its own text."""
        least, most = REEL_LINES[10]
        for facts in self._fresh("reel", ((fact,) for fact in self._kit.facts)):
            lines = lines_of(facts[0].text)
            if not least <= len(lines) <= most:
                continue
            if title := self._title(facts, HEADLINE_TITLES):
                return self._draft("reel", facts, title, lines=lines)
        return None

    def _trio_reel(self) -> Draft | None:
        """Set three headlines of a topic one after another."""
        for facts in self._fresh("reel", self._by_topic(3)):
            if title := self._title(facts, TOPIC_TITLES):
                return self._draft("reel", facts, title, lines=[f.headline for f in facts])
        return None

    def _mixed_reel(self) -> Draft | None:
        """Tell one fact whole, then two headlines of other topics."""
        most = REEL_LINES[10][1]
        for facts in self._fresh("reel", self._across_topics()):
            lead, *others = facts
            lines = [*lines_of(lead.text), *(fact.headline for fact in others)]
            if len(lines) > most:
                continue
            if title := self._title((lead,), MIXED_TITLES):
                return self._draft("reel", facts, title, lines=lines)
        return None

    def _long_reel(self) -> Draft | None:
        """Tell two facts of a topic whole."""
        least, most = REEL_LINES[30]
        for facts in self._fresh("reel", self._by_topic(2)):
            lines = [line for fact in facts for line in lines_of(fact.text)]
            if not least <= len(lines) <= most:
                continue
            if title := self._title(facts, TOPIC_TITLES):
                return self._draft("reel", facts, title, lines=lines, seconds=30)
        return None

    def _narrated(self, seconds: int) -> Draft | None:
        """Have facts spoken whole: one in a short reel, more of a topic in a long one."""
        many = (facts for count in LONG_FACTS for facts in self._by_topic(count))
        for facts in self._fresh("reel", many if seconds > 10 else zip(self._kit.facts)):
            text = self._spoken(facts, seconds)
            title = text and self._title(facts, TOPIC_TITLES if facts[1:] else HEADLINE_TITLES)
            if text and title:
                told = Narration(text=text)
                return self._draft("reel", facts, title, seconds=seconds, narration=told)
        return None

    def _spoken(self, facts: tuple[Fact, ...], seconds: int) -> str | None:
        """Return what is said of facts, with a call to action if there is time; None without."""
        said = " ".join(fact.text for fact in facts)
        call = self._kit.call_to_action.rstrip(".!")
        for text in (f"{said} {call}.", said):
            needed_s = VOICES[self._kit.voice or ""].seconds(text)
            if LEAST_SPOKEN * seconds <= needed_s <= seconds - STARTS_S - REST_S:
                return text
        return None

    def _by_topic(self, size: int) -> Iterator[tuple[Fact, ...]]:
        topics: dict[str, list[Fact]] = {}
        for fact in self._kit.facts:
            topics.setdefault(fact.topic, []).append(fact)
        for facts in topics.values():
            yield from itertools.combinations(facts, size)

    def _across_topics(self) -> Iterator[tuple[Fact, ...]]:
        for facts in itertools.combinations(self._kit.facts, 3):
            if len({fact.topic for fact in facts}) == len(facts):
                lead = self._random.randrange(len(facts))
                yield (*facts[lead:], *facts[:lead])

    def _fresh(
        self, wanted: Format, sets: Iterable[tuple[Fact, ...]]
    ) -> Iterator[tuple[Fact, ...]]:
        """Yield fact sets that this format did not say, the least used facts first."""
        new = [s for s in sets if (wanted, frozenset(f.id for f in s)) not in self._said]
        self._random.shuffle(new)
        new.sort(key=lambda facts: sum(self._uses[fact.id] for fact in facts) / len(facts))
        yield from new

    def _title(self, facts: tuple[Fact, ...], templates: Sequence[str]) -> str | None:
        """Return a title that was not used, or None when all were."""
        lead = self._random.choice(facts)
        topic = lead.topic[:1].upper() + lead.topic[1:]
        choices = list(templates)
        self._random.shuffle(choices)
        for template in choices:
            title = template.format(headline=lead.headline, topic=topic, count=len(facts))
            if len(title) <= TITLE_CHARS and title.casefold() not in self._titles:
                return title
        return None

    def _draft(
        self,
        wanted: Format,
        facts: tuple[Fact, ...],
        title: str,
        *,
        lines: Sequence[str] = (),
        slides: tuple[Slide, ...] = (),
        seconds: int = 10,
        narration: Narration | None = None,
    ) -> Draft:
        self._titles.add(title.casefold())
        self._said.add((wanted, frozenset(fact.id for fact in facts)))
        self._uses.update(fact.id for fact in facts)
        return Draft.model_validate(
            {
                "brand": self._kit.slug,
                "format": wanted,
                "title": title,
                "variant": self._random.choice(("light", "dark")),
                "facts": tuple(fact.id for fact in facts),
                "slides": slides,
                "lines": tuple(lines),
                "caption": self._caption(facts),
                "hashtags": _hashtags(self._kit, facts),
                "seconds": seconds,
                "narration": narration,
            }
        )

    def _caption(self, facts: tuple[Fact, ...]) -> str:
        opener = self._random.choice(OPENERS)
        sources = "; ".join(dict.fromkeys(fact.source for fact in facts))
        word = "Source" if len({fact.source for fact in facts}) == 1 else "Sources"
        closing = f"{self._kit.call_to_action} {self._kit.handle}"
        parts = [opener, *(fact.text for fact in facts), f"{word}: {sources}", closing]
        return "\n\n".join(part for part in parts if part)


def _hashtags(kit: BrandKit, facts: tuple[Fact, ...]) -> tuple[str, ...]:
    topics = [
        "#" + "".join(word.capitalize() for word in re.findall(r"[A-Za-z0-9]+", fact.topic))
        for fact in facts
    ]
    return tuple(dict.fromkeys([*kit.hashtags, *topics]))[:HASHTAGS]


def lines_of(text: str) -> list[str]:
    """Break a text into at least two lines of at most ``LINE_CHARS`` characters.

    Sentences are kept whole where they fit; a longer one is cut in two at the clause nearest to
    its middle, or between words where every clause would leave a fragment.
    """
    lines = [line for part in _SENTENCE.split(text.strip()) for line in _cut_down(part)]
    return lines if len(lines) > 1 else list(_halves(lines[0]))


def _cut_down(part: str) -> list[str]:
    if len(part) <= LINE_CHARS:
        return [part]
    return [line for half in _halves(part) for line in _cut_down(half)]


def _halves(part: str) -> tuple[str, str]:
    """Cut a text in two where it reads best."""
    cuts = [match.start() for match in _CLAUSE.finditer(part)]
    whole = [c for c in cuts if min(c, len(part) - c) >= FRAGMENT_CHARS]
    spaces = [place for place, character in enumerate(part) if character == " "]
    cut = min(whole or spaces, key=lambda place: abs(place - len(part) / 2))
    return part[:cut].rstrip(), part[cut:].lstrip()
