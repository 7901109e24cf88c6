"""Make the fallback fonts below ``noto/`` from the Noto fonts of Debian, and list their hashes.

Run by hand when the fonts are to change, never by the studio; needs what requirements.txt pins:

    apt-get download fonts-noto-core fonts-noto-extra fonts-noto-cjk fonts-noto-color-emoji
    for package in fonts-noto*.deb; do dpkg-deb -x "$package" unpacked; done
    python assets/fonts/bundle_noto.py unpacked

Outlines are kept as they are; dropped are hints (posts are drawn large), names in other languages,
and of Chinese, Japanese, Korean and emoji what is rare. The same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

OUT = Path(__file__).parent / "noto"
SCRIPTS = (
    "Arabic",
    "Armenian",
    "Bengali",
    "Devanagari",
    "Ethiopic",
    "Georgian",
    "Gujarati",
    "Gurmukhi",
    "Hebrew",
    "Kannada",
    "Khmer",
    "Lao",
    "Malayalam",
    "Myanmar",
    "Oriya",
    "Sinhala",
    "Tamil",
    "Telugu",
    "Thai",
)
#: Of emoji with a tone of skin only these are kept: gestures, which people do write so.
GESTURES = (0x261D, *range(0x270A, 0x270E), *range(0x1F446, 0x1F451), 0x1F485, 0x1F4AA)
GESTURES += (0x1F590, 0x1F595, 0x1F596, 0x1F64C, 0x1F64F, 0x1F90C, 0x1F90F, 0x1F918, 0x1F919)
GESTURES += (*range(0x1F91A, 0x1F920), 0x1F932, 0x1F933, *range(0x1FAF0, 0x1FAF7))
TONES = range(0x1F3FB, 0x1F400)
#: The signs that make a woman or a man of a person who does something; the person is kept.
SIGNS = (0x2640, 0x2642)


def rows(codec: str, first: range, second: range) -> Iterator[int]:
    """Yield the characters of a double-byte set."""
    for pair in itertools.product(first, second):
        try:
            yield ord(bytes(pair).decode(codec))
        except (UnicodeDecodeError, TypeError):
            continue


def east_asian() -> set[int]:
    """Return the characters kept of Chinese, Japanese and Korean."""
    low, whole = range(0xA1, 0xFF), [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    kept = {*range(0x20, 0x7F), *range(0x3000, 0x3100), *range(0xFF01, 0xFFEF)}
    kept |= {*range(0x3105, 0x3130), *range(0x3131, 0x318F), *range(0x31F0, 0x3200), 0xB7, 0x2022}
    kept |= {*range(0x2010, 0x2016), 0x2018, 0x2019, 0x201C, 0x201D, 0x2025, 0x2026, 0x30FB}
    kept |= set(rows("gb2312", range(0xB0, 0xD8), low))  # level 1: 3,755
    kept |= set(rows("euc_jp", range(0xB0, 0xD0), low))  # JIS X 0208, level 1: 2,965
    kept |= set(rows("big5", range(0xA4, 0xC7), whole))  # type: ignore[arg-type]  # level 1: 5,401
    kept |= set(rows("euc_kr", range(0xB0, 0xC9), low))  # KS X 1001: 2,350 syllables
    return kept


def options() -> subset.Options:
    """Return how every font is cut."""
    chosen = subset.Options()
    chosen.layout_features = ["*"]
    chosen.hinting = False
    chosen.desubroutinize = False
    chosen.glyph_names = False
    chosen.notdef_outline = True
    chosen.name_languages = [0x409]
    chosen.recalc_timestamp = False
    chosen.ignore_missing_unicodes = True
    return chosen


def cut(source: Path, target: Path, kept: Iterable[int] | None) -> None:
    """Write what is kept of a font; everything when ``kept`` is None."""
    with TTFont(source, recalcTimestamp=False) as font:
        cutter = subset.Subsetter(options())
        cutter.populate(unicodes=sorted(kept if kept is not None else font.getBestCmap()))
        cutter.subset(font)
        font.save(target)


def cut_east_asian(source: Path, target: Path) -> None:
    """Write the simplified Chinese font with the forms of Japan and Taiwan for those who ask."""
    chosen = options()
    chosen.layout_features = ["ccmp", "locl"]
    chosen.layout_scripts = [
        f"{script}.{language}"
        for script in ("DFLT", "hani", "kana", "hang", "latn")
        for language in ("dflt", "JAN", "ZHT")
    ]
    chosen.drop_tables += ["BASE", "VORG", "vhea", "vmtx"]
    with TTFont(source, fontNumber=2, recalcTimestamp=False) as font:
        cutter = subset.Subsetter(chosen)
        cutter.populate(unicodes=sorted(east_asian()))
        cutter.subset(font)
        font.save(target)


def cut_emoji(source: Path, target: Path) -> None:
    """Write every emoji and flag, but with a tone of skin the gestures alone, and no sexes."""
    chosen = options()
    chosen.drop_tables += ["vhea", "vmtx"]
    with TTFont(source, recalcTimestamp=False) as font:
        codes = {glyph: code for code, glyph in font.getBestCmap().items()}
        for lookup in font["GSUB"].table.LookupList.Lookup:
            for table in lookup.SubTable:
                for first, ligatures in list(getattr(table, "ligatures", {}).items()):
                    members = {id(x): [first, *x.Component] for x in ligatures}
                    table.ligatures[first] = [
                        x for x in ligatures if common([codes.get(m, 0) for m in members[id(x)]])
                    ]
        cutter = subset.Subsetter(chosen)
        cutter.populate(unicodes=sorted(codes.values()))
        cutter.subset(font)
        font.save(target)


def common(sequence: list[int]) -> bool:
    """Tell whether an emoji of several characters is kept."""
    if any(code in SIGNS for code in sequence):
        return False
    toned = any(code in TONES for code in sequence)
    return not toned or (sequence[0] in GESTURES and 0x200D not in sequence)


def main(unpacked: Path) -> None:
    """Make all fonts from the folder in which the packages were unpacked."""
    plain = unpacked / "usr/share/fonts/truetype/noto"
    for script in SCRIPTS:
        for weight in ("Bold", "Medium"):
            source = plain / f"NotoSans{script}-{weight}.ttf"
            if not source.exists():
                source = plain / f"NotoSans{script}-Regular.ttf"
            cut(source, OUT / f"NotoSans{script}-{weight}.ttf", None)
    cut(plain / "NotoSerifTibetan-Bold.ttf", OUT / "NotoSerifTibetan-Bold.ttf", None)
    han = unpacked / "usr/share/fonts/opentype/noto"
    cut_east_asian(han / "NotoSansCJK-Bold.ttc", OUT / "NotoSansCJK-Bold.otf")
    cut_emoji(plain / "NotoColorEmoji.ttf", OUT / "NotoColorEmoji.ttf")
    for file in sorted(OUT.glob("*.[ot]tf")):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        print(f"| `{file.name}` | {file.stat().st_size:,} | `{digest}` |")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
