"""Brand kits on disk: one folder a brand, checked as a whole before anything is made with it.

    <slug>/brand.toml   look, voice, rhythm        <slug>/logo.png
    <slug>/facts.toml   [[fact]] tables             <slug>/photos/*.jpg   (optional)

A broken kit is refused with the file, the key and the mend. Folders earlier in the list win,
so a user's own kit may replace a bundled one.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import re
import struct
import tomllib
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lib.colour import contrast, rgb
from lib.core.brand import RESERVED, BrandKit, Template
from lib.core.errors import NotFound, Refused
from lib.core.recipes.narration import UNSEEN
from lib.core.voices import VOICES
from lib.templates import captions
from lib.templates.load import TemplateFolders

#: A brand with fewer facts repeats itself within a month.
LEAST_FACTS = 30
#: Least contrast of ink on paper (WCAG 2.2, level AA).
LEAST_CONTRAST = 4.5
#: Smallest logo, px: it is drawn up to 216 px wide.
LEAST_LOGO = 128
#: Below the fonts for brands: those of the scripts that few of them have; and who is asked first.
FALLBACKS, FIRST_FALLBACK = "noto", "Inter-Medium"
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
#: Keys of brand.toml that change no picture; the rest are part of the kit's digest.
_SILENT = frozenset(
    {
        *("tone", "hashtags", "time_zone", "posting_slots", "platforms", "daily", "templates"),
        *("voice", "captions"),
    }
)
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


class KitFolders:
    """Implements Brands over folders of kits; a kit is read again when its files change."""

    def __init__(
        self, folders: Sequence[Path], *, fonts: Path, templates: TemplateFolders | None = None
    ) -> None:
        self._folders = tuple(folders)
        self._fonts = fonts
        self._templates = templates or TemplateFolders([fonts.parent / "templates"])
        self._captions = fonts.parent / "captions"
        self._read: dict[str, tuple[object, BrandKit]] = {}

    def slugs(self) -> Sequence[str]:
        """Return the names of all folders that hold a brand.toml, sorted."""
        found = {
            file.parent.name
            for folder in self._folders
            if folder.is_dir()
            for file in folder.glob("*/brand.toml")
        }
        return sorted(found)

    def get(self, slug: str) -> BrandKit:
        """Return a kit. Raises NotFound, or Refused with the first thing that is wrong."""
        folder = self._folder(slug)
        stamp = _stamp(folder)
        known = self._read.get(slug)
        if known is not None and known[0] == stamp:
            return self._dressed(known[1])
        problems = self.check(slug)
        if problems:
            raise Refused(problems[0], hint="./brandcast brands check names every problem")
        kit = self._kit(folder)
        self._read[slug] = (stamp, kit)
        return self._dressed(kit)

    def _dressed(self, kit: BrandKit) -> BrandKit:
        """Return a kit with the templates that it names, or all of a kind of which it names none.

        Read each time, for templates change while kits do not.
        """
        every = self._templates.templates()
        named = tuple(template for template in every if template.name in kit.templates)
        kinds = {template.family for template in named}
        designs: tuple[Template, ...] = (*named, *(t for t in every if t.family not in kinds))
        styles = {name: style.model_dump(mode="json") for name, style in self._styles().items()}
        return kit.model_copy(update={"designs": designs, "caption_styles": styles})

    def _styles(self) -> dict[str, captions.CaptionStyle]:
        """Return all good styles of captions; a broken one is left out."""
        found = {}
        for name, file in captions.files(self._captions).items():
            with contextlib.suppress(ValueError):
                found[name] = captions.read(file)
        return found

    def check(self, slug: str) -> list[str]:
        """Return everything that is wrong with a kit; empty when it is good."""
        folder = self._folder(slug)
        if slug in RESERVED or not _SLUG.fullmatch(slug):
            return [f"{slug}: not a brand's name; rename the folder (a-z, 0-9 and -)"]
        try:
            kit = self._kit(folder)
        except Refused as error:
            return str(error).splitlines()
        checks = (
            _contrast_problems(kit),
            _fact_problems(kit),
            _zone_problems(kit),
            _logo_problems(folder, kit),
            self._font_problems(kit),
            self._template_problems(kit),
            self._speech_problems(kit),
        )
        return [problem for check in checks for problem in check]

    def _folder(self, slug: str) -> Path:
        for folder in self._folders:
            if (folder / slug / "brand.toml").is_file():
                return folder / slug
        known = ", ".join(self.slugs()) or "none"
        raise NotFound(f"there is no brand {slug!r}; there are: {known}")

    def _kit(self, folder: Path) -> BrandKit:
        slug = folder.name
        brand, facts = _toml(folder / "brand.toml"), _toml(folder / "facts.toml")
        unknown = sorted(set(facts) - {"fact"})
        if unknown:
            raise Refused(f"{slug}/facts.toml: {unknown[0]}: unknown key; only [[fact]] tables")
        for key in ("slug", "photos", "facts", "digest", "designs", "caption_styles"):
            if key in brand:
                raise Refused(f"{slug}/brand.toml: {key}: is derived; remove the key")
        photos = sorted(
            file for file in folder.glob("photos/*") if file.suffix.lower() in PHOTO_ENDINGS
        )
        logo = str(brand.get("logo", ""))
        given = {
            **brand,
            "slug": slug,
            "logo": f"{slug}/{logo}",
            "photos": [f"{slug}/photos/{photo.name}" for photo in photos],
            "facts": facts.get("fact", []),
            "digest": _digest(folder, brand, logo, photos),
        }
        try:
            return BrandKit.model_validate(given)
        except ValidationError as error:
            lines = [_words(slug, one) for one in error.errors()]
            raise Refused("\n".join(lines)) from error

    def _template_problems(self, kit: BrandKit) -> Iterator[str]:
        known = sorted({name for _, name in self._templates.files()})
        for name in kit.templates:
            if name not in known:
                yield (
                    f"{kit.slug}/brand.toml: templates: {name!r} is no template; choose from"
                    f" {', '.join(known)}"
                )

    def _speech_problems(self, kit: BrandKit) -> Iterator[str]:
        where = f"{kit.slug}/brand.toml"
        if kit.voice is not None and kit.voice not in VOICES:
            choices = ", ".join(VOICES)
            yield f"{where}: voice: {kit.voice!r} is no voice; choose from {choices}"
        elif kit.voice and kit.language and not VOICES[kit.voice].speaks(kit.language):
            spoken = VOICES[kit.voice].language
            yield f"{where}: voice: {kit.voice} speaks {spoken}, not {kit.language}; remove the key"
        styles = (*self._styles(), UNSEEN)
        if kit.captions is not None and kit.captions not in styles:
            choices = ", ".join(styles)
            yield f"{where}: captions: {kit.captions!r} is no style; choose from {choices}"

    def _font_problems(self, kit: BrandKit) -> Iterator[str]:
        bundled = {f.stem: f for f in self._fonts.glob("*") if f.suffix in (".otf", ".ttf")}
        texts = {
            "heading": [kit.call_to_action, *(fact.headline for fact in kit.facts)],
            "body": [kit.handle, kit.name, *(fact.text for fact in kit.facts)],
        }
        texts["heading"] += [fact.topic for fact in kit.facts]
        for role, shown in texts.items():
            name = getattr(kit.fonts, role)
            if name not in bundled:
                choices = ", ".join(sorted(bundled))
                yield f"{kit.slug}/brand.toml: fonts.{role}: {name!r} is not bundled; use {choices}"
                continue
            fallbacks = sorted((self._fonts / FALLBACKS).glob("*.?tf"))
            fonts = [bundled[name], bundled.get(FIRST_FALLBACK, bundled[name]), *fallbacks]
            for text in shown:
                strange = (c for c in text if not c.isspace())
                lacking = next((c for c in strange if not _has(fonts, ord(c))), None)
                if lacking:
                    yield (
                        f"{kit.slug}: fonts.{role}: neither {name} nor any other bundled font has a"
                        f" glyph for {lacking!r} in “{text[:50]}”; use another character"
                    )
                    break


def _has(fonts: Iterable[Path], character: int) -> bool:
    """Tell whether any font has a glyph; the first one has most, so the others stay closed."""
    return any(character in _glyphs(font) for font in fonts)


def _toml(file: Path) -> dict[str, Any]:
    where = f"{file.parent.name}/{file.name}"
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise Refused(f"{where}: missing; every kit has one") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{where}: {error}; mend the TOML there") from error


def _words(slug: str, error: Any) -> str:
    """Return one validation error as file, key and mend."""
    place = [str(part) for part in error["loc"]]
    file = "facts.toml" if place[0] == "facts" else "brand.toml"
    if place[0] == "facts":
        place[0] = "fact"
    mend = {
        "missing": "missing; add the key",
        "extra_forbidden": "unknown key; remove it or mend its spelling",
    }.get(error["type"])
    if mend is None and place[0] == "palette":
        mend = f"{error['input']!r} is no colour; write it as #RRGGBB"
    given = "" if mend else f" (given: {str(error['input'])[:40]!r})"
    return f"{slug}/{file}: {'.'.join(place)}: {mend or error['msg']}{given}"


def _contrast_problems(kit: BrandKit) -> Iterator[str]:
    ratio = contrast(rgb(kit.palette.ink), rgb(kit.palette.paper))
    if ratio < LEAST_CONTRAST:
        yield (
            f"{kit.slug}/brand.toml: palette.ink: contrast with paper is {ratio:.1f}; make it"
            f" {LEAST_CONTRAST} or more by a darker ink or a lighter paper"
        )


def _fact_problems(kit: BrandKit) -> Iterator[str]:
    if len(kit.facts) < LEAST_FACTS:
        yield (
            f"{kit.slug}/facts.toml: fact: {len(kit.facts)} facts; write at least {LEAST_FACTS},"
            " or the brand repeats itself"
        )
    for key, count in Counter(fact.id for fact in kit.facts).items():
        if count > 1:
            yield f"{kit.slug}/facts.toml: fact.id: {key!r} stands {count} times; make each unique"
    for key, count in Counter(fact.headline.casefold() for fact in kit.facts).items():
        if count > 1:
            yield f"{kit.slug}/facts.toml: fact.headline: {key!r} stands {count} times"


def _zone_problems(kit: BrandKit) -> Iterator[str]:
    try:
        zoneinfo.ZoneInfo(kit.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        yield (
            f"{kit.slug}/brand.toml: time_zone: {kit.time_zone!r} is unknown; use a name such as"
            " Europe/Lisbon"
        )


def _logo_problems(folder: Path, kit: BrandKit) -> Iterator[str]:
    where = f"{kit.slug}/brand.toml: logo"
    file = (folder.parent / kit.logo).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        yield f"{where}: {kit.logo.partition('/')[2] or 'empty'!r} is not in the kit's folder"
        return
    head = file.read_bytes()[:24]
    if head[:8] != b"\x89PNG\r\n\x1a\n" or len(head) < 24:
        yield f"{where}: {file.name} is no PNG; save it as PNG with a clear background"
        return
    width, height = struct.unpack(">II", head[16:24])
    if min(width, height) < LEAST_LOGO:
        yield f"{where}: {width} × {height} px is too small; use at least {LEAST_LOGO} px"


def _digest(folder: Path, brand: dict[str, Any], logo: str, photos: list[Path]) -> str:
    """Return a fingerprint of what pictures depend on: the look, the logo and the photos."""
    look = {key: value for key, value in brand.items() if key not in _SILENT}
    digest = hashlib.sha256(repr(sorted(look.items())).encode())
    for file in (folder / logo, *photos):
        if file.is_file():
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _stamp(folder: Path) -> object:
    """Return what changes whenever a file of the kit does."""
    files = [folder / "brand.toml", folder / "facts.toml", *folder.glob("*.png")]
    files += folder.glob("photos/*")
    return tuple(
        (str(file), file.stat().st_mtime_ns, file.stat().st_size)
        for file in sorted(files)
        if file.is_file()
    )


@functools.lru_cache(maxsize=32)
def _glyphs(file: Path) -> frozenset[int]:
    from fontTools.ttLib import TTFont

    with TTFont(file, lazy=True) as opened:
        return frozenset(opened.getBestCmap())
