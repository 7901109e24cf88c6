"""A brand kit: everything that makes a brand look and sound like itself.

Loaded and checked by ``lib/adapters/kits.py``; read by recipes (the look goes into each plan)
and by the writer (the facts). Knows nothing of files beyond their names.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from lib.core.errors import Refused
from lib.core.letters import is_blank
from lib.core.paths import fingerprint
from lib.core.work import Json, Slug

#: Slugs that a kit may not take: they stand in object names for no single brand.
RESERVED = ("studio",)

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]
#: BCP 47, as far as brands need it.
LANGUAGE = r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$"
_SLOT = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _slot(value: str) -> str:
    if not _SLOT.fullmatch(value):
        raise ValueError(f"{value!r} is no time of day; write it as HH:MM, for example 09:30")
    return value


def _seen(value: str) -> str:
    if is_blank(value):
        raise ValueError("nothing of it can be seen; write some words")
    return value


#: Words that stand on pages.
Seen = Annotated[str, AfterValidator(_seen)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Palette(_Part):
    """Five colours, each ``#RRGGBB``: ``ink`` on ``paper`` must be readable."""

    primary: Colour
    secondary: Colour
    accent: Colour
    ink: Colour
    paper: Colour


class Fonts(_Part):
    """File names of bundled fonts without their ending, for example ``Inter-Bold``."""

    heading: str
    body: str


class Daily(_Part):
    """How many pieces a daily burst makes for this brand."""

    posts: int = Field(ge=0, le=50)
    reels: int = Field(ge=0, le=50)


class Fact(_Part):
    """One true statement that a reader can check at its source."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
    topic: Annotated[str, Field(min_length=2, max_length=40)]
    #: A short headline for the fact, as a slide would carry it.
    headline: Annotated[Seen, Field(min_length=4, max_length=60)]
    text: Annotated[Seen, Field(min_length=20, max_length=220)]
    source: Annotated[str, Field(min_length=3, max_length=200)]


class Template(_Part):
    """One template: each page in each format, as ``lib/templates`` resolved it."""

    name: str
    family: Literal["posts", "reels"]
    about: str
    #: Page → format → what it says of itself, as JSON for a step's parameters.
    pages: dict[str, dict[str, Json]]


class BrandKit(_Part):
    """One brand: its look, its voice, its rhythm and the facts that it may state."""

    slug: Slug
    name: Annotated[Seen, Field(min_length=1, max_length=40)]
    field: Annotated[str, Field(min_length=2, max_length=60)]
    tone: str
    handle: Seen
    call_to_action: Seen
    #: What the brand's words are written in, as BCP 47 ("de", "zh-Hant"); guessed when not given.
    language: Annotated[str, Field(pattern=LANGUAGE)] | None = None
    palette: Palette
    fonts: Fonts
    #: Path of the logo, relative to the folder that holds the kits.
    logo: str
    #: The same for the brand's own photos, sorted; may be empty.
    photos: tuple[str, ...] = ()
    #: Which procedural background suits the brand when it has no photo.
    scenery: Literal["aurora", "dunes", "bokeh", "contours", "prisms"]
    hashtags: tuple[str, ...]
    time_zone: str
    posting_slots: tuple[Annotated[str, AfterValidator(_slot)], ...]
    platforms: tuple[Literal["instagram", "facebook", "youtube"], ...]
    daily: Daily
    #: Names of the templates that suit the brand; all of them when none is named.
    templates: tuple[str, ...] = ()
    #: Those templates themselves.
    designs: tuple[Template, ...] = ()
    #: Who speaks in its reels; without a voice the writer has none narrated.
    voice: str | None = None
    #: The style of its captions, or "none"; one that suits the reel when none is named.
    captions: str | None = None
    #: All styles by name, as JSON for a step's parameters.
    caption_styles: dict[str, Json] = {}
    facts: tuple[Fact, ...]
    #: Fingerprint of the files that pictures depend on: kit, logo and photos.
    digest: str

    def template(self, family: str, turn: str, name: str | None = None) -> Template:
        """Return a template by its name, or one that follows from ``turn``. Raises Refused."""
        choices = {design.name: design for design in self.designs if design.family == family}
        if not choices or (name is not None and name not in choices):
            raise Refused(
                f"{self.slug} has no template {name!r} for {family}",
                hint=f"choose from {', '.join(choices) or 'none: add one below assets/templates'}",
            )
        return choices[name or self.in_turn(family, turn)[0]]

    def in_turn(self, family: str, seed: str) -> list[str]:
        """Return the names of its templates of a family, in an order that follows from ``seed``."""
        names = [design.name for design in self.designs if design.family == family]
        return sorted(names, key=lambda name: fingerprint(seed, name))

    def look(self) -> Json:
        """Return what a picture needs of the kit, as JSON for a step's parameters."""
        return {
            "brand": self.name,
            "handle": self.handle,
            "call_to_action": self.call_to_action,
            "palette": self.palette.model_dump(),
            "fonts": self.fonts.model_dump(),
            "logo": self.logo,
            "scenery": self.scenery,
            **({"language": self.language} if self.language else {}),
        }
