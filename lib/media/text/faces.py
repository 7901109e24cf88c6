"""Fonts: the brand's own first, then the bundled ones that show a script, and emoji in colour.

Asked by ``clusters`` and ``block``. Files are opened once for each size, coverage is read once.
"""

from __future__ import annotations

import functools
from pathlib import Path

from PIL import ImageFont, features

#: The only size in which the emoji font holds its pictures, px.
STRIKE_PX = 109
#: Size of an emoji beside letters of size 1: a little higher than a capital with its descender.
EMOJI_SHARE = 0.9
#: What is said where FriBiDi is missing, after the name of what needs it.
NEEDS_SHAPER = "needs text shaping, which this machine lacks: apt-get install libfribidi0"
#: The bundled family that shows a script (ISO 15924) which few brands' fonts have.
_FAMILIES = {
    "Arab": "NotoSansArabic",
    "Armn": "NotoSansArmenian",
    "Beng": "NotoSansBengali",
    "Bopo": "NotoSansCJK",
    "Deva": "NotoSansDevanagari",
    "Ethi": "NotoSansEthiopic",
    "Geor": "NotoSansGeorgian",
    "Gujr": "NotoSansGujarati",
    "Guru": "NotoSansGurmukhi",
    "Hang": "NotoSansCJK",
    "Hani": "NotoSansCJK",
    "Hebr": "NotoSansHebrew",
    "Hira": "NotoSansCJK",
    "Kana": "NotoSansCJK",
    "Khmr": "NotoSansKhmer",
    "Knda": "NotoSansKannada",
    "Laoo": "NotoSansLao",
    "Mlym": "NotoSansMalayalam",
    "Mymr": "NotoSansMyanmar",
    "Orya": "NotoSansOriya",
    "Sinh": "NotoSansSinhala",
    "Taml": "NotoSansTamil",
    "Telu": "NotoSansTelugu",
    "Thai": "NotoSansThai",
    "Tibt": "NotoSerifTibetan",
}
_EMOJI = "NotoColorEmoji"


def shaping() -> str:
    """Return which text layout this machine has: "raqm" (complex) or "basic"."""
    return "raqm" if features.check("raqm") else "basic"


@functools.lru_cache(maxsize=512)
def font(file: Path, size: int) -> ImageFont.FreeTypeFont:
    """Return a font at a size in px, laid out the same way on every machine that can."""
    engine = ImageFont.Layout.RAQM if shaping() == "raqm" else ImageFont.Layout.BASIC
    return ImageFont.truetype(file, size, layout_engine=engine)


def is_emoji(file: Path) -> bool:
    """Tell whether a file is the emoji font, which is drawn at its strike and scaled."""
    return file.stem == _EMOJI


def is_east_asian(file: Path) -> bool:
    """Tell whether a file is the font of Chinese, Japanese and Korean."""
    return file.stem.startswith("NotoSansCJK")


def emoji_font(brand: Path) -> Path:
    """Return the bundled emoji font; it stands below the folder of the brands' fonts."""
    return brand.parent / "noto" / f"{_EMOJI}.ttf"


@functools.lru_cache(maxsize=256)
def candidates(brand: Path, script: str) -> tuple[Path, ...]:
    """Return the fonts to ask for a script, best first; those of the brand's own weight."""
    # By the name: what some fonts say of their own weight is wrong.
    weight = "Bold" if "Bold" in brand.stem else "Medium"
    found = [brand, brand.parent / f"Inter-{weight}.otf"]
    family = _FAMILIES.get(script)
    if family is not None:
        folder = brand.parent / "noto"
        of_weight = [file for file in folder.glob(f"{family}-*") if weight in file.stem]
        found += sorted(of_weight) or sorted(folder.glob(f"{family}-*"))
    return tuple(dict.fromkeys(found))


def covers(file: Path, cluster: str) -> bool:
    """Tell whether a font shows all of a cluster; what is never visible needs no glyph."""
    known = _coverage(file)
    return all(ord(character) in known or _unseen(character) for character in cluster)


def _unseen(character: str) -> bool:
    """Tell whether a character only steers others: joiners, selectors, directions, spaces."""
    code = ord(character)
    return (
        character.isspace()
        or 0x200B <= code <= 0x200F
        or 0x202A <= code <= 0x202E
        or 0x2060 <= code <= 0x206F
        or 0xFE00 <= code <= 0xFE0F
        or code in (0x00AD, 0x034F, 0x061C, 0xFEFF)
    )


@functools.lru_cache(maxsize=64)
def _coverage(file: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(file, lazy=True) as opened:
        opened.setGlyphOrder([])  # its glyphs' names, which nobody asks for, take most of the time
        return frozenset(opened.getBestCmap())
