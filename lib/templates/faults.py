"""What is wrong with a page, in words: keys nobody knows, and pages that could never be drawn.

Asked by ``load`` for every page in every format, so that a designer reads it and no work fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from lib.templates.names import FORMATS
from lib.templates.page import TEXTS, Area, Page, Words
from lib.templates.zones import crossed

#: What a page always says; a body only where it is all that a page is for.
_ALWAYS = ("heading", "brand", "handle", "index", "call")
_WITH_BODY = ("statement",)
#: Least width and height of words, in their smallest size: a short word, and its capitals.
_LEAST_WIDE, _LEAST_HIGH = 1.5, 0.7
#: How high a quotation mark is, and a logo, as shares of their length.
_HIGH = {"quote": 0.72, "logo": 1.0}
#: Least share of a film in which its picture is seen, per cent: less is not told from a still.
LEAST_SEEN = 5.0


def faults(page: Page, name: str, shape: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a good page for where it is used, each as (key, words)."""
    if zone := crossed(page.area, name, shape):
        covered = f"what {zone.platform} covers ({zone.what}: {_sides(zone.area)})"
        words = f"{name} in {shape} reaches below {covered}; keep within {_sides(page.safe)}"
        yield "area", words
    always = [part for part in page.stack if part in TEXTS and _says(page, part, name)]
    if not always:
        words = f"{name} may have nothing to say, as a figure or a body is not always there"
        yield "stack", f"{words}; add heading, kicker or button"
    elif cramped := _cramped(page, always, shape):
        yield cramped
    if any(panel.fit and _common(panel.area, page.area) != page.area for panel in page.panels):
        yield "panels", f"a panel that fits lies under all of the area of {name} in {shape}"
    if name == "film" and (still := _still(page)):
        yield still


def _says(page: Page, part: str, name: str) -> bool:
    of: Words = getattr(page, part)
    return of.says in _ALWAYS or (of.says == "body" and name in _WITH_BODY)


def _cramped(page: Page, always: Sequence[str], shape: str) -> tuple[str, str] | None:
    """Return why what always stands in the area does not, at its smallest; None if it may."""
    width, height = FORMATS[shape]
    unit = min(width, height) / 100
    left, right = max(page.area[0], page.safe[0]), min(page.area[2], page.safe[2])
    room = (right - left) * width / 100 / unit, (page.area[3] - page.area[1]) * height / 100 / unit
    high = 0.0
    for number, part in enumerate(page.stack):
        of = getattr(page, part)
        if part in TEXTS and part not in always:
            continue
        high += (page.gap if of.gap is None else of.gap) if number else 0
        if part in TEXTS:
            smallest = of.size[0]
            if smallest * _LEAST_WIDE > room[0] * of.width / 100:
                return part, f"not even its smallest letters stand side by side in {shape}"
            if smallest * _LEAST_HIGH > room[1] * of.height / 100:
                return part, f"not even its smallest letters are as low as its room in {shape}"
            high += smallest * _LEAST_HIGH
        else:
            high += min(room[0], of.length) * _HIGH[part] if part in _HIGH else of.thick
    if high > room[1]:
        words = f"is {room[1]:.0f} high in {shape}, and what stands in it at least {high:.0f}"
        return "area", f"{words} (per cent of the shorter side)"
    return None


def _still(page: Page) -> tuple[str, str] | None:
    """Return why a film would stand still; None when its picture is seen to move."""
    of = page.ground
    if of.fill == "colour" and of.window is None:
        return "ground", "a film of one colour stands still; give it a window, or another fill"
    if of.veil == 100:
        return "ground", "a veil of 100 hides all that moves; lower it"
    seen = of.window if of.fill == "colour" and of.window else (0, 0, 100, 100)
    hiding = [panel.area for panel in page.panels if panel.opacity == 100]
    if any(_share(_common(seen, area)) >= _share(seen) for area in hiding):
        return "panels", "a panel hides all that moves; make it smaller, or lower its opacity"
    if _share(seen) < LEAST_SEEN:
        return (
            "ground",
            f"a window of less than {LEAST_SEEN:g} % of a film stands still",
        )
    return None


def _common(one: Area, other: Area) -> Area:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    return left, top, max(left, min(one[2], other[2])), max(top, min(one[3], other[3]))


def _share(area: Area) -> float:
    """Return how much of the page an area takes, per cent."""
    return (area[2] - area[0]) * (area[3] - area[1]) / 100


def mend(error: Any) -> str:
    """Return what is wrong with a key, and the choices, for one of pydantic's errors."""
    if error["type"] == "extra_forbidden":
        return f"unknown key; choose from {', '.join(_keys(error['loc']))}"
    given = str(error["input"])[:40]
    words = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{words} (given: {given!r})"


def _keys(place: tuple[Any, ...]) -> list[str]:
    """Return the keys of the table in which a place lies."""
    model: Any = Page
    for part in place[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            annotation = model.model_fields[part].annotation
            options = [annotation, *get_args(annotation)]
            model = next(
                (o for o in options if isinstance(o, type) and issubclass(o, BaseModel)), model
            )
    return sorted(set(model.model_fields) - {"safe"})


def _sides(area: Sequence[float]) -> str:
    return "[" + ", ".join(f"{side:g}" for side in area) + "]"
