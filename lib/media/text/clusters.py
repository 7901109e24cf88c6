"""A text as clusters, each of which one font shows whole: what a reader sees as one character.

Asked by ``paragraph``. A script is set in one font throughout a text, so that no word changes
its face for one letter. What no bundled font shows is refused by name.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from lib.core.errors import ToolFailed
from lib.media.text.faces import (
    NEEDS_SHAPER,
    STRIKE_PX,
    candidates,
    covers,
    emoji_font,
    font,
    is_emoji,
    shaping,
)

#: Scripts that read right letter by letter; all others are drawn by a shaper or not at all.
_PLAIN = frozenset(
    ("Armn", "Bopo", "Cyrl", "Ethi", "Geor", "Grek", "Hang", "Hani", "Hira", "Kana", "Latn")
)
#: Characters below U+1F000 that are pictures unless somebody asks for text (Unicode's property
#: Emoji_Presentation).
_PICTURES = frozenset(
    "⌚⌛⏩⏪⏫⏬⏰⏳◽◾☔☕♈♉♊♋♌♍♎♏♐♑♒♓♿⚓⚡⚪⚫⚽⚾⛄⛅⛎⛔⛪⛲⛳⛵⛺⛽✅✊✋✨❌❎❓❔❕❗➕➖➗➰➿⬛⬜⭐⭕"
)
_AS_TEXT, _AS_PICTURE, _KEYCAP = "\ufe0e", "\ufe0f", "\u20e3"
#: Tones of skin, and the signs that make a woman or a man of a person: not all are bundled.
_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_SIGNS = re.compile("\u200d[\u2640\u2642]\ufe0f?")
#: Two letters of a region's flag, and the pair that ISO 3166 gives to no region.
_FLAG, _NO_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}"), "\U0001f1e6\U0001f1e6"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is never split, and the font that shows it."""

    text: str
    file: Path


def split(text: str, brand: Path) -> tuple[Cluster, ...]:
    """Return the clusters of a text in order, with emoji as they are bundled.

    Raises ToolFailed naming the first character that no bundled font shows.
    """
    units = [_bundled(unit, brand) for unit in characters(text)]
    scripts = [_script(unit) for unit in units]
    _require_shaper(text, set(scripts))
    letters: dict[str, list[str]] = {}
    for unit, script in zip(units, scripts, strict=True):
        if script not in ("", "Emoji"):
            letters.setdefault(script, []).append(unit)
    chosen = {script: _for_all(brand, script, of) for script, of in letters.items()}
    files: list[Path | None] = []
    for unit, script in zip(units, scripts, strict=True):
        if script == "":
            files.append(None)
        elif script == "Emoji":
            files.append(emoji_font(brand))
        else:
            files.append(chosen[script] or _first(brand, script, unit, text))
    return tuple(
        Cluster(unit, file or _shared(unit, number, files, brand, text))
        for number, (unit, file) in enumerate(zip(units, files, strict=True))
    )


@functools.lru_cache(maxsize=4096)
def script_of(character: str) -> str:
    """Return a character's script (ISO 15924); signs that many scripts share have "Zyyy"."""
    from fontTools import unicodedata as scripts

    return str(scripts.script(character))


def is_seen(text: str) -> bool:
    """Tell whether there is more to a text than blanks, signs for programs, and loose marks."""
    unseen = ("Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me")
    return any(unicodedata.category(character) not in unseen for character in text)


def characters(text: str) -> Iterator[str]:
    """Yield what a reader sees as one character, in order."""
    from icu4py.breakers import CharacterBreaker

    return iter(CharacterBreaker(text, "en"))


@functools.lru_cache(maxsize=4096)
def _script(unit: str) -> str:
    """Return the script of a cluster: "" for what takes its neighbour's font, or "Emoji"."""
    if _is_picture(unit):
        return "Emoji"
    found = (script_of(character) for character in unit)
    return next((script for script in found if script not in ("Zyyy", "Zinh", "Zzzz")), "")


def _is_picture(unit: str) -> bool:
    if _AS_TEXT in unit:
        return False
    first = unit[0]
    drawn = first in _PICTURES or 0x1F000 <= ord(first) < 0x20000
    return drawn or _AS_PICTURE in unit or _KEYCAP in unit


def _require_shaper(text: str, scripts: set[str]) -> None:
    """Refuse what basic layout would draw unjoined, in the wrong order or in pieces."""
    if shaping() == "raqm":
        return
    for script in sorted(scripts - _PLAIN - {"", "Emoji"}):
        from fontTools import unicodedata as names

        name = names.script_name(script)
        raise ToolFailed("text", f"{name} {NEEDS_SHAPER} (“{text[:40]}”)")


def _for_all(brand: Path, script: str, units: list[str]) -> Path | None:
    """Return the first font that shows everything of one script."""
    wanted = set(units)
    for file in candidates(brand, script):
        if all(covers(file, unit) for unit in wanted):
            return file
    return None


def _first(brand: Path, script: str, unit: str, text: str) -> Path:
    for file in candidates(brand, script):
        if covers(file, unit):
            return file
    picture = emoji_font(brand)
    if _AS_TEXT not in unit and covers(picture, unit):
        return picture
    lacking = next(
        (c for c in unit if not any(covers(f, c) for f in candidates(brand, script))),
        unit[0],
    )
    name = unicodedata.name(lacking, "no character of Unicode's")
    words = f"no bundled font has {lacking!r} (U+{ord(lacking):04X}, {name})"
    raise ToolFailed("text", f"{words} in “{text[:40]}”; use another character")


def _shared(unit: str, number: int, files: list[Path | None], brand: Path, text: str) -> Path:
    """Return the font of a sign that scripts share: the one of the letters before or after it."""
    around = [*reversed(files[:number]), *files[number + 1 :]]
    letters = [file for file in around if file is not None and not is_emoji(file)]
    for file in (*letters[:1], brand, *letters):
        if covers(file, unit):
            return file
    return _first(brand, "Hani" if _is_wide(unit) else "", unit, text)


def _is_wide(unit: str) -> bool:
    return unicodedata.east_asian_width(unit[0]) in ("W", "F", "A")


def _bundled(unit: str, brand: Path) -> str:
    """Return a picture without its tone of skin, then without its sex, where it has only that.

    Raises ToolFailed for a sequence that would fall apart into its members.
    """
    if not _is_picture(unit):
        return unit
    if shaping() == "basic" and len(unit.replace(_AS_PICTURE, "")) > 1:
        raise ToolFailed("text", f"{unit} {NEEDS_SHAPER}")
    file = emoji_font(brand)
    plain = _TONES.sub("", unit)
    for version in dict.fromkeys((unit, _SIGNS.sub("", unit), plain, _SIGNS.sub("", plain))):
        if version and covers(file, version) and _is_one_glyph(file, version):
            return version
    names = " + ".join(unicodedata.name(c, f"U+{ord(c):04X}") for c in unit if ord(c) > 0xFFFF)
    raise ToolFailed("text", f"no bundled emoji is {unit} ({names or unit!r}); use another")


@functools.lru_cache(maxsize=4096)
def _is_one_glyph(file: Path, unit: str) -> bool:
    """Tell whether a cluster is one picture: all are equally wide, but no flag may be "unknown"."""
    strike = font(file, STRIKE_PX)
    if abs(strike.getlength(unit) - strike.getlength("😀")) >= 1:
        return False
    if unit == _NO_FLAG or not _FLAG.fullmatch(unit):
        return unit != _NO_FLAG
    return _drawn(strike, unit) != _drawn(strike, _NO_FLAG)


def _drawn(strike: ImageFont.FreeTypeFont, unit: str) -> bytes:
    picture = Image.new("RGBA", (2 * STRIKE_PX, 2 * STRIKE_PX))
    ImageDraw.Draw(picture).text((0, 0), unit, font=strike, embedded_color=True)
    return picture.tobytes()
