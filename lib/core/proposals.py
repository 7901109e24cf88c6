"""What a writer is asked, what it drafts, and what the examiner says of it.

The sealed ``proposals.json`` of a burst is a ``Proposals``: every draft with its verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from lib.core.brand import LANGUAGE, BrandKit
from lib.core.work import Slug

#: The kinds of content that a burst may ask for. "posts" are posts and carousels.
Format = Literal["post", "carousel", "reel"]
#: Lines of a reel by its length in seconds, fewest and most; a narrated one needs none.
REEL_LINES: Mapping[int, tuple[int, int]] = {10: (2, 4), 30: (2, 6)}
#: Characters of a reel's line that can be read while it is on screen.
LINE_CHARS = 90


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Slide(_Part):
    """One slide of a carousel."""

    heading: Annotated[str, Field(min_length=1, max_length=90)]
    body: Annotated[str, Field(max_length=260)] = ""


class Narration(_Part):
    """What a voice says over a reel."""

    text: Annotated[str, Field(min_length=2, max_length=1200)]
    #: BCP 47; the brand's when it is not told, and else guessed.
    language: Annotated[str, Field(pattern=LANGUAGE)] | None = None
    #: One of ``VOICES``; the first that speaks the language when none is named.
    voice: str | None = None
    #: A style of burned-in captions, or "none"; the brand's when it is not told.
    captions: str | None = None


class Draft(_Part):
    """One piece of content in words, before anything of it is rendered."""

    brand: Slug
    format: Format
    title: Annotated[str, Field(min_length=4, max_length=90)]
    variant: Literal["light", "dark"]
    #: By which template it is drawn; by one that follows from its work when none is named.
    template: str | None = None
    #: Ids of the facts it states; also what tells a repetition.
    facts: tuple[str, ...]
    #: Carousel: exactly 5 slides, the first a cover, the last a call to action.
    slides: tuple[Slide, ...] = ()
    #: Reel: 2 to 6 lines that fade in one after another, or none when it is narrated. Post: the
    #: one statement.
    lines: tuple[Annotated[str, Field(min_length=1, max_length=220)], ...] = ()
    caption: Annotated[str, Field(min_length=10, max_length=2200)]
    hashtags: tuple[str, ...]
    #: Reel: its length.
    seconds: Literal[10, 30] = 10
    #: Reel: what is spoken over it.
    narration: Narration | None = Field(default=None, exclude_if=lambda told: told is None)


class Past(_Part):
    """One piece made within the last 30 days, as far as repetition is concerned."""

    brand: Slug
    format: Format
    title: str
    facts: tuple[str, ...]


class Brief(_Part):
    """What a writer is asked for one brand: so many posts and reels, nothing said lately."""

    kit: BrandKit
    posts: int
    reels: int
    #: Everything of the last 30 days, oldest first; drafts must not repeat it.
    history: tuple[Past, ...] = ()
    #: Makes a writer's choices repeatable: the burst's id.
    seed: str


class Verdict(_Part):
    """What the examiner says of a draft; every refusal names its reasons in words."""

    accepted: bool
    reasons: tuple[str, ...] = ()


class Proposal(_Part):
    """A draft with its verdict; ``number`` makes the child's id."""

    number: int
    agent: str
    draft: Draft
    verdict: Verdict


class Proposals(_Part):
    """The sealed document of a burst."""

    burst: str
    entries: tuple[Proposal, ...]
    #: Brands for which fewer drafts came than were asked for, and why.
    shortfalls: tuple[str, ...] = ()

    def accepted(self) -> tuple[Proposal, ...]:
        """Return the proposals that become works."""
        return tuple(entry for entry in self.entries if entry.verdict.accepted)
