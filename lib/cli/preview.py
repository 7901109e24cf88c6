"""``templates`` and ``preview``: what templates there are, and how they look for a brand."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from lib.cli.client import settings_for
from lib.cli.output import emit, say
from lib.core.brand import BrandKit, Template
from lib.core.errors import NotFound, Refused
from lib.media.preview import Easel, contact_sheet, overview, sample
from lib.media.room import Room
from lib.settings import Settings
from lib.templates.load import TemplateFolders
from lib.templates.names import FORMATS
from lib.wiring import parts


def templates(args: argparse.Namespace) -> int:
    """List the templates and what is wrong with any; return 1 when one is broken."""
    found = parts.templates(settings_for(args.data))
    about: dict[tuple[str, str], str] = {
        (each.family, each.name): each.about for each in found.templates()
    }
    problems = found.problems()
    if args.json:
        emit(
            [
                {"kind": kind, "name": name, "about": about.get((kind, name), ""), "problems": bad}
                for (kind, name), bad in problems.items()
            ]
        )
    else:
        for (kind, name), bad in problems.items():
            say(f"{'✗' if bad else '✓'} {kind}/{name:<12}{about.get((kind, name), '')}")
            for problem in bad:
                say(f"    {problem}")
    return 1 if any(problems.values()) else 0


def preview(args: argparse.Namespace) -> int:
    """Write contact sheets; return 0, or raise Refused for a name that is none."""
    settings = settings_for(args.data)
    found = parts.templates(settings)
    if bool(args.template) == args.all:
        raise Refused("name one template, or --all", hint="./brandcast templates lists them")
    try:
        chosen = _good(found) if args.all else found.find(args.template)
    except NotFound as error:
        raise Refused(str(error), hint="./brandcast templates tells what each is for") from error
    kit = _kit(settings, args.brand)
    written = []
    with tempfile.TemporaryDirectory() as folder:
        easel = Easel(kit, Room(settings.assets, settings.kits, Path(folder)))
        if args.all:
            file = args.out or Path(f"preview-all-{kit.slug}.png")
            _save(overview(chosen, easel, sample(kit), only=args.format), file)
            written.append(file)
        else:
            shapes = (args.format,) if args.format else tuple(FORMATS)
            for template in chosen:
                name = f"preview-{template.family}-{template.name}-{kit.slug}.png"
                file = args.out or Path(name)
                if args.out and len(chosen) > 1:
                    file = file.with_stem(f"{file.stem}-{template.family}")
                _save(contact_sheet(template, easel, sample(kit), shapes), file)
                written.append(file)
    if args.json:
        emit([str(file) for file in written])
    else:
        for file in written:
            say(f"wrote {file}")
    return 0


def _good(found: TemplateFolders) -> tuple[Template, ...]:
    """Return the templates that can be drawn, and name the others. Raises Refused for none."""
    chosen = found.templates()
    for (kind, name), problems in found.problems().items():
        if problems:
            print(f"left out {kind}/{name}: {problems[0]}", file=sys.stderr)
    if not chosen:
        raise Refused("there is no template to draw", hint="./brandcast templates names problems")
    return chosen


def _kit(settings: Settings, slug: str | None) -> BrandKit:
    """Return a brand by its name, the first one by default. Raises Refused with the choices."""
    brands = parts.brands(settings)
    slugs = brands.slugs()
    if not slugs:
        folders = " or ".join(str(folder) for folder in settings.kits)
        raise Refused("there are no brand kits", hint=f"put one below {folders}")
    try:
        return brands.get(slug or slugs[0])
    except NotFound as error:
        known = ", ".join(slugs)
        raise Refused(f"there is no brand {slug!r}", hint=f"choose from {known}") from error


def _save(picture: object, file: Path) -> None:
    """Write a picture. Raises Refused for a place or an ending that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        picture.save(file)  # type: ignore[attr-defined]
    except (OSError, ValueError) as error:
        raise Refused(f"{file}: {error}", hint="give --out a file that ends in .png") from error
