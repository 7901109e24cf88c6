"""The writer's turns of phrase.

A headline and a topic are used whole, before or behind a colon, so that no sentence can break
whatever a fact sheet says.
"""

from __future__ import annotations

#: Titles around one fact's headline.
HEADLINE_TITLES = (
    "{headline}",
    "Worth knowing: {headline}",
    "{topic}: {headline}",
    "Keep this one: {headline}",
    "Fact check: {headline}",
    "One for today: {headline}",
    "Start here: {headline}",
    "Quietly true: {headline}",
    "Pass it on: {headline}",
)
#: Titles around a topic.
TOPIC_TITLES = (
    "{topic}, in plain facts",
    "{topic}: what holds up",
    "{topic}: {count} things to know",
    "The short version: {topic}",
    "{topic}, without the noise",
    "A closer look: {topic}",
    "{topic}: the checked facts",
    "Worth a minute: {topic}",
    "{topic}: what the sources say",
    "{topic}, fact by fact",
    "Saved for later: {topic}",
    "{topic}: start with these",
    "On {topic}: checked and short",
    "{topic}: facts over myths",
    "Before you scroll on: {topic}",
    "{topic}: a short reading",
    "Notes on {topic}",
    "{topic}: worth remembering",
    "Good to know: {topic}",
    "{topic}: the useful part",
)
#: Titles around one fact when others follow it.
MIXED_TITLES = ("{headline}, and two more", "{headline}: plus two more", "First: {headline}")
#: Titles that only a carousel can have; reels leave them to it.
CAROUSEL_TITLES = (
    "{topic}, slide by slide",
    "Swipe through: {topic}",
    "{topic}: three facts with sources",
    "A short guide: {topic}",
    "{topic}: save this one",
    "{topic}: three things that hold",
    "Three on {topic}",
    "{topic}: read, check, keep",
)
#: What a carousel's cover says below its title.
COVER_LINES = (
    "Swipe for the details",
    "Three facts, each with its source",
    "Every one of them checked",
    "Read it in under a minute",
)
#: What opens a caption.
OPENERS = (
    "",
    "A small thing worth knowing.",
    "Today's note.",
    "From our fact sheet.",
    "For your next conversation.",
)
