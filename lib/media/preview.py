"""Contact sheets of templates: every page in every format, light and dark, a film at instants.

Called by ``brandcast preview`` and by the tests that keep golden frames. Words are the brand's
own facts, the ground is the one that its works would have; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

from lib.core.brand import BrandKit, Template
from lib.media.layout import ground, page, panels
from lib.media.layout.film import FADE_S, Layer, Progress
from lib.media.layout.sheet import Says, Sheet, figure
from lib.media.picture import pictures
from lib.media.picture.colour import tone_of
from lib.media.picture.scenery import paint
from lib.media.reel.words import Words, layers
from lib.media.room import Room
from lib.media.text.faces import font
from lib.templates.names import FORMATS
from lib.templates.page import Page

#: Pages are drawn at half their size, and films judged at these shares of their length.
SCALE = 0.5
INSTANTS = (0.0, 0.4, 0.7, 1.0)
FILM_S = 10.0
VARIANTS = ("light", "dark")
#: Height of a picture on a contact sheet, the air around it, and the sheet's colours.
_CELL, _AIR, _LABEL = 330, 18, 30
_PAPER, _INK = (233, 233, 236), (70, 70, 78)


@dataclass(frozen=True, slots=True)
class Sample:
    """The words that a preview shows."""

    title: str
    body: str
    lines: tuple[str, ...]
    call: str
    handle: str

    def says(self, name: str) -> Says:
        """Return the words of a page by its name."""
        return {
            "cover": Says(self.title, "Swipe", 1, 5),
            "inner": Says(self.title, self.body, 2, 5),
            "closing": Says(self.call, self.handle, 5, 5),
            "youtube": Says(self.title),
        }.get(name, Says(self.title, self.body))


def sample(kit: BrandKit, number: int = 0) -> Sample:
    """Return words of a brand: one of its facts, and three headlines as lines."""
    numbers = [fact for fact in kit.facts if figure(Says(fact.headline, fact.text))] or kit.facts
    fact = numbers[number % len(numbers)]
    lines = tuple(other.headline for other in kit.facts[number + 1 : number + 4])
    return Sample(fact.headline, fact.text, lines, kit.call_to_action, kit.handle)


@dataclass(slots=True)
class Easel:
    """Draws the pages of one brand; grounds are painted once for each variant."""

    kit: BrandKit
    room: Room
    seed: str = "preview"
    _grounds: dict[tuple[str, str], Image.Image] = field(default_factory=dict)

    def ground(self, variant: str, shape: str) -> Image.Image:
        """Return the brand's background for a format, at half its size."""
        key = (variant, shape)
        if key not in self._grounds:
            if self.kit.photos:
                file = self.room.kit_file(self.kit.photos[0])
                self._grounds[key] = pictures.photo(file, _half(shape))
            else:
                tone = tone_of(self.kit.look(), variant)
                self._grounds[key] = paint(self.kit.scenery, _half(shape), tone, self.seed)
        return self._grounds[key]

    def face(self, size: int) -> ImageFont.FreeTypeFont:
        """Return the font of labels, which is no brand's."""
        return font(self.room.font("Inter-Medium"), size)

    def still(
        self, template: Template, name: str, shape: str, variant: str, says: Says
    ) -> tuple[Image.Image, Sheet]:
        """Return a still page and what was placed on it. Raises ToolFailed."""
        look = self.kit.look()
        made = Page.model_validate(template.pages[name][shape])
        tone = tone_of(look, variant)
        sheet = panels.fitted(Sheet(made, says, look, tone, self.room, _half(shape)))
        return page.draw(sheet, ground.base(self.ground(variant, shape), sheet)), sheet

    def film(
        self, template: Template, shape: str, variant: str, words: tuple[str, tuple[str, ...]]
    ) -> Film:
        """Return a film, ready to be looked at. Raises ToolFailed."""
        look = self.kit.look()
        made = Words(
            title=words[0],
            lines=words[1],
            look=look,
            tone=tone_of(look, variant),
            size=_half(shape),
            seconds=FILM_S,
            page=Page.model_validate(template.pages["film"][shape]),
        )
        sheet = made.sheet(self.room)
        treated = ground.treated(self.ground(variant, shape), sheet)
        return Film(treated, *layers(made, [treated, treated], self.room))


@dataclass(frozen=True, slots=True)
class Film:
    """A film without its camera: ground, layers and progress."""

    ground: Image.Image
    layers: list[Layer]
    progress: Progress

    def at(self, share: float) -> Image.Image:
        """Return the frame at a share of the film."""
        now_s = share * FILM_S
        whole = self.ground.convert("RGBA")
        for layer in self.layers:
            if now_s < layer.start_s:
                continue
            came = (now_s - layer.start_s) / FADE_S if layer.comes else 1.0
            eased = 1 - (1 - min(1.0, came)) ** 3
            picture, place = layer.at(eased)
            opacity = layer.opacity(eased)
            if layer.end_s is not None:
                opacity *= 1 - min(1.0, max(0.0, (now_s - layer.end_s) / FADE_S))
            faint = picture.copy()
            alpha = picture.getchannel("A").point([round(v * opacity) for v in range(256)])
            faint.putalpha(alpha)
            whole.alpha_composite(faint, (max(0, place[0]), max(0, place[1])))
        whole.alpha_composite(self.progress.at(share), self.progress.place)
        return whole.convert("RGB")


def _half(shape: str) -> tuple[int, int]:
    width, height = FORMATS[shape]
    return round(width * SCALE), round(height * SCALE)


def contact_sheet(
    template: Template, easel: Easel, words: Sample, shapes: Sequence[str] = tuple(FORMATS)
) -> Image.Image:
    """Return a template's contact sheet: pages below each other, formats beside each other."""
    halves = []
    for variant in VARIANTS:
        rows: list[list[Image.Image]] = []
        for name in template.pages:
            if name == "film":
                said = (words.title, words.lines)
                films = [easel.film(template, shape, variant, said) for shape in shapes]
                rows += [[film.at(at) for film in films] for at in INSTANTS]
                continue
            says = words.says(name)
            rows.append([easel.still(template, name, s, variant, says)[0] for s in shapes])
        halves.append(rows)
    labels = [
        label
        for name in template.pages
        for label in ([f"film {at * FILM_S:g} s" for at in INSTANTS] if name == "film" else [name])
    ]
    return _mounted(easel, f"{template.family}/{template.name} · {easel.kit.name}", labels, halves)


def _mounted(
    easel: Easel, title: str, labels: list[str], halves: list[list[list[Image.Image]]]
) -> Image.Image:
    """Return rows of pictures on paper, the halves beside each other."""
    sizes = [round(p.width * _CELL / p.height) for p in halves[0][0]]
    half = sum(sizes) + _AIR * (len(sizes) + 1)
    step = _CELL + _LABEL + _AIR
    whole = Image.new("RGB", (half * len(halves), 64 + step * len(labels)), _PAPER)
    pen = ImageDraw.Draw(whole)
    pen.text((_AIR, 18), title, _INK, easel.face(26))
    for number, rows in enumerate(halves):
        for down, row in enumerate(rows):
            y = 64 + down * step
            pen.text((number * half + _AIR, y), labels[down], _INK, easel.face(18))
            x = number * half + _AIR
            for picture, wide in zip(row, sizes, strict=True):
                small = picture.resize((wide, _CELL), Image.Resampling.LANCZOS)
                whole.paste(small, (x, y + _LABEL))
                x += wide + _AIR
    return whole


def overview(
    templates: Sequence[Template],
    easel: Easel,
    words: Sample,
    variant: str = "dark",
    only: str | None = None,
) -> Image.Image:
    """Return one page with all pages of templates, in the format each is used in or in one."""
    cells: list[tuple[str, Image.Image]] = []
    for template in templates:
        for name in template.pages:
            shape = {"posts": "4x5", "reels": "9x16"}[template.family]
            shape = only or ("16x9" if name == "youtube" else shape)
            if name == "film":
                film = easel.film(template, shape, variant, (words.title, words.lines))
                picture = film.at(0.95)
            else:
                picture = easel.still(template, name, shape, variant, words.says(name))[0]
            cells.append((f"{template.name} · {name}", picture))
    rows = [cells[at : at + 4] for at in range(0, len(cells), 4)]
    wide = max(sum(round(p.width * _CELL / p.height) + _AIR for _, p in row) for row in rows)
    columns = 2
    step = _CELL + _LABEL + _AIR
    deep = -(-len(rows) // columns)
    whole = Image.new("RGB", ((wide + _AIR) * columns, 20 + step * deep), _PAPER)
    pen = ImageDraw.Draw(whole)
    for number, row in enumerate(rows):
        x, y = _AIR + (number // deep) * (wide + _AIR), 20 + number % deep * step
        for label, picture in row:
            size = (round(picture.width * _CELL / picture.height), _CELL)
            pen.text((x, y), label, _INK, easel.face(16))
            whole.paste(picture.resize(size, Image.Resampling.LANCZOS), (x, y + _LABEL))
            x += size[0] + _AIR
    return whole
