"""One page as a template describes it, every measure a number without a unit.

Places are per cent of the page (across, down); sizes are per cent of its shorter side. All of it
has a default, so a file says only what it wants otherwise. Drawn by ``lib/media/layout``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=100)]
#: What would vanish at 0: how long a mark is, how thick a line, how much of the area a text takes.
Length = Annotated[float, Field(ge=1, le=100)]
Thickness = Annotated[float, Field(gt=0, le=50)]
Extent = Annotated[float, Field(ge=5, le=100)]
#: Distance from both sides of a page, which leaves something between them.
Margin = Annotated[float, Field(ge=0, lt=45)]
Colour = Literal["ground", "text", "primary", "secondary", "accent"]
Part = Literal["kicker", "figure", "heading", "body", "button", "bar", "rule", "quote", "logo"]
#: Parts that are texts; the others are marks.
TEXTS: tuple[Part, ...] = ("kicker", "figure", "heading", "body", "button")
Source = Literal["heading", "body", "brand", "handle", "index", "figure", "call"]
Align = Literal["start", "centre", "end"]


def _area(value: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = value
    if left >= right or top >= bottom:
        raise ValueError("an area is [left, top, right, bottom], each side before the other")
    if right - left < 1 or bottom - top < 1:
        raise ValueError("an area is at least 1 wide and 1 high")
    return value


def _range(value: tuple[float, float]) -> tuple[float, float]:
    if not 0.5 <= value[0] <= value[1] <= 80:
        raise ValueError("a size is [smallest, largest] in per cent of the page's shorter side")
    return value


def _stack(value: tuple[Part, ...]) -> tuple[Part, ...]:
    for part in TEXTS:
        if value.count(part) > 1:
            raise ValueError(f"{part} stands there {value.count(part)} times; a text stands once")
    return value


#: Left, top, right and bottom, per cent of the page; mirrored for words that run right to left.
Area = Annotated[tuple[Share, Share, Share, Share], AfterValidator(_area)]
#: Smallest and largest size of letters, per cent of the page's shorter side.
Sizes = Annotated[tuple[float, float], AfterValidator(_range)]
#: What stands in the area, from above.
Stack = Annotated[tuple[Part, ...], Field(min_length=1), AfterValidator(_stack)]


class Setting(BaseModel):
    """A table of a template; a key that nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ground(Setting):
    """What lies under everything: the work's picture in one treatment, or a colour."""

    fill: Literal["picture", "duotone", "blur", "colour"] = "picture"
    colour: Colour = "ground"
    #: Where the picture shows, when ``fill`` is a colour; without it no picture shows.
    window: Area | None = None
    radius: Share = 0
    #: How much of the ground's colour lies over the picture.
    veil: Share = 0
    #: How words on the picture are made readable: a soft patch, a long fade, or a veil over all.
    scrim: Literal["soft", "fade", "veil"] = "soft"


class Panel(Setting):
    """A block of colour."""

    area: Area
    colour: Colour = "ground"
    opacity: Share = 100
    radius: Share = 0
    #: Whether it is only as high as what stands on it, on a still page.
    fit: bool = False


class Frame(Setting):
    """A thin line around the page, whole or only its corners."""

    inset: Margin = 4.0
    thick: Thickness = 0.25
    colour: Colour = "text"
    corners: bool = False


class Words(Setting):
    """A text: what it says, in which of the brand's fonts, how large."""

    says: Source
    font: Literal["heading", "body"] = "body"
    size: Sizes
    #: Most of the area's width and height that it may take.
    width: Extent = 100
    height: Extent = 100
    colour: Colour = "text"
    caps: bool = False
    #: Room above it; the page's own when it is not given.
    gap: Share | None = None


class Kicker(Words):
    """A small line above the heading."""

    says: Source = "brand"
    size: Sizes = (2.6, 3.4)
    caps: bool = True


class Figure(Words):
    """The first number of the words, huge."""

    says: Source = "figure"
    font: Literal["heading", "body"] = "heading"
    size: Sizes = (14, 46)
    height: Extent = 50
    colour: Colour = "accent"


class Heading(Words):
    """What the page says first."""

    says: Source = "heading"
    font: Literal["heading", "body"] = "heading"
    size: Sizes = (4.5, 12.2)


class Body(Words):
    """What the page says further."""

    says: Source = "body"
    size: Sizes = (2.8, 4.3)
    height: Extent = 60


class Button(Words):
    """What the page asks for, in a pill of a colour."""

    says: Source = "call"
    size: Sizes = (3.0, 4.6)
    colour: Colour = "accent"


class Mark(Setting):
    """A bar, a rule, a quotation mark or the logo: how long, how high, which colour."""

    length: Length = 11.0
    thick: Thickness = 1.1
    colour: Colour = "accent"
    gap: Share | None = None


class Rule(Mark):
    """A thin line."""

    length: Length = 100
    thick: Thickness = 0.25
    colour: Colour = "text"


class Quote(Mark):
    """A quotation mark."""

    length: Length = 13


class Logo(Mark):
    """The brand's logo, in the column."""

    length: Length = 22


class Sign(Setting):
    """Logo and handle."""

    place: Literal["start", "centre", "end", "none"] = "start"
    #: Where its middle stands, per cent down; at the foot of what no platform covers by default.
    at: Share | None = None
    #: Distance from the page's sides, per cent of its shorter side.
    margin: Margin = 7.5
    logo: Share = 8.2
    handle: bool = True
    size: Sizes = (2.4, 3.4)


class Dots(Setting):
    """What shows how far a carousel is: dots, a number, or a line along the foot."""

    style: Literal["dots", "count", "line", "none"] = "none"
    place: Literal["start", "centre", "end"] = "end"
    at: Share | None = None
    margin: Margin = 7.5


class Lines(Setting):
    """The lines of a film: how large, one under the other or one at a time."""

    show: Literal["together", "single"] = "together"
    #: Largest size, and the smallest at which lines share a scene; smaller only in scenes.
    size: Sizes = (5.0, 7.0)
    font: Literal["heading", "body"] = "body"
    anchor: Literal["top", "middle", "bottom"] = "top"
    colour: Colour = "text"
    numbered: bool = False
    #: Most of the area's height that the title takes.
    title: Share = 36.0


class Motion(Setting):
    """How a film's words come, and how it shows its progress."""

    enter: Literal["rise", "fade", "slide", "wipe"] = "rise"
    progress: Literal["line", "segments", "none"] = "line"
    #: Where the line stands, per cent down.
    at: Share | None = None


class Page(Setting):
    """A whole page."""

    ground: Ground = Ground()
    panels: tuple[Panel, ...] = Field(default=(), max_length=6)
    frame: Frame | None = None
    #: Where the words stand.
    area: Area = (7.5, 8.0, 92.5, 84.0)
    anchor: Literal["top", "middle", "bottom"] = "middle"
    align: Align = "start"
    gap: Share = 4.0
    stack: Stack = ("bar", "heading", "body")
    kicker: Kicker = Kicker()
    figure: Figure = Figure()
    heading: Heading = Heading()
    body: Body = Body()
    button: Button = Button()
    bar: Mark = Mark()
    rule: Rule = Rule()
    quote: Quote = Quote()
    logo: Logo = Logo()
    sign: Sign = Sign()
    dots: Dots = Dots()
    lines: Lines = Lines()
    motion: Motion = Motion()
    #: What no platform covers; filled in when the template is read.
    safe: Area = (0, 0, 100, 100)
