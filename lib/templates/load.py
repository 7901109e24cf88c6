"""Templates on disk: one TOML file each, read, merged for every page and format, and checked.

    posts/<name>.toml, reels/<name>.toml      folders earlier in the list win

In a file ``[all]`` is for every page, ``[cover]`` for one page, ``[9x16.all]`` for one format and
``[9x16.cover]`` for one page in one format; each wins over those before it. What is wrong is
named with the file, the table, the key and the choices.
"""

from __future__ import annotations

import itertools
import stat
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from lib.core.brand import Template
from lib.core.errors import NotFound, Refused
from lib.templates.faults import faults, mend
from lib.templates.names import FORMATS, PAGES
from lib.templates.page import Page
from lib.templates.zones import safe

Json = dict[str, Any]


class TemplateFolders:
    """Reads the templates below folders; one is read again when its file changes."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._read: dict[Path, tuple[object, Template, list[str]]] = {}

    def files(self, kind: str | None = None) -> dict[tuple[str, str], Path]:
        """Return the file of each template by (kind, name), sorted."""
        found: dict[tuple[str, str], Path] = {}
        for folder, each in itertools.product(reversed(self._folders), PAGES):
            if kind in (None, each):
                files = filter(_is_meant, (folder / each).glob("*.toml"))
                found |= {(each, file.stem): file for file in files}
        return dict(sorted(found.items()))

    def templates(self, kind: str | None = None) -> tuple[Template, ...]:
        """Return all good templates, of one kind if it is given; a broken one is left out."""
        read = (self._template(kind_, file) for (kind_, _), file in self.files(kind).items())
        return tuple(template for template, problems in read if not problems)

    def find(self, name: str) -> tuple[Template, ...]:
        """Return the templates of a name (or of "posts/name"). Raises NotFound, or Refused."""
        kind, _, stem = name.rpartition("/")
        files = self.files(kind or None)
        named = [(key, file) for key, file in files.items() if key[1] == stem]
        if not named:
            files = files or self.files()  # a kind that nobody knows has none
            known = ", ".join("/".join(key) for key in files) or "none"
            raise NotFound(f"there is no template {name!r}; there are: {known}")
        read = [self._template(key[0], file) for key, file in named]
        if problems := [problem for _, found in read for problem in found]:
            raise Refused(problems[0], hint="./brandcast templates names every problem")
        return tuple(template for template, _ in read)

    def problems(self) -> dict[tuple[str, str], list[str]]:
        """Return what is wrong with each template by (kind, name); empty lists for good ones."""
        files = self.files()
        return {key: self._template(key[0], file)[1] for key, file in files.items()}

    def _template(self, kind: str, file: Path) -> tuple[Template, list[str]]:
        try:
            stamp = _stamp(file)
        except OSError as error:
            return _empty(file), [_unread(f"{kind}/{file.name}", error)]
        known = self._read.get(file)
        if known is None or known[0] != stamp:
            known = self._read[file] = (stamp, *read(kind, file))
        return known[1], known[2]


def _is_meant(file: Path) -> bool:
    """Tell whether a name is meant as a template: no lock or leaving of a program, no folder."""
    if file.name.startswith("."):
        return False
    try:
        return file.is_symlink() or file.is_file()
    except OSError:
        return True  # what is wrong with it is said when it is read


def _stamp(file: Path) -> tuple[int, int]:
    """Return what changes whenever a file does. Raises OSError for what is no file."""
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(0, "is no file")
    return found.st_mtime_ns, found.st_size


def _empty(file: Path) -> Template:
    return Template(name=file.stem, family="posts", about="", pages={})


def _unread(where: str, error: OSError) -> str:
    return f"{where}: cannot be read ({error.strerror}); mend or remove it"


def read(kind: str, file: Path) -> tuple[Template, list[str]]:
    """Return a template and everything that is wrong with its file."""
    where = f"{kind}/{file.name}"
    try:
        return _read(kind, file, tomllib.loads(file.read_text(encoding="utf-8-sig")))
    except OSError as error:
        return _empty(file), [_unread(where, error)]
    except RecursionError:
        return _empty(file), [f"{where}: tables or lists lie too deep in each other; flatten them"]
    except ValueError as error:  # what is no TOML, no UTF-8, or a number of thousands of digits
        return _empty(file), [f"{where}: {error}; mend the TOML there"]


def _read(kind: str, file: Path, given: Json) -> tuple[Template, list[str]]:
    where = f"{kind}/{file.name}"
    problems = list(dict.fromkeys(_tables(where, kind, given)))
    if problems:
        return _empty(file), problems
    pages: dict[str, dict[str, Json]] = {}
    for page, shape in itertools.product(PAGES[kind], FORMATS):
        sources = _sources(given, page, shape)
        merged: Json = {}
        for _, table in sources:
            merged = _merged(merged, table)
        if "safe" in merged:
            problems.append(f"{where}: [{_origin(sources, ('safe',))}] safe: is derived; remove it")
        try:
            made = Page.model_validate({**merged, "safe": safe(page, shape)})
        except ValidationError as error:
            problems += [_words(where, sources, one) for one in error.errors()]
            continue
        for key, fault in faults(made, page, shape):
            problems.append(f"{where}: [{_origin(sources, (key,))}] {key}: {fault}")
        dumped = made.model_dump(mode="json", exclude_defaults=True)
        pages.setdefault(page, {})[shape] = dumped
    about = str(given.get("about", ""))
    template = Template(name=file.stem, family=kind, about=about, pages=pages)  # type: ignore[arg-type]
    return template, list(dict.fromkeys(problems))


def _tables(where: str, kind: str, given: Json) -> Iterator[str]:
    """Yield what is wrong with the names of a file's tables."""
    pages = ("all", *PAGES[kind])
    for name, value in given.items():
        if name == "about":
            continue
        choices = f"choose from about, {', '.join(pages)}, {', '.join(FORMATS)}"
        if name not in pages and name not in FORMATS:
            yield f"{where}: {name}: unknown; {choices}"
        elif not isinstance(value, dict):
            yield f"{where}: {name}: is a table; write [{name}] and its keys below"
        elif name in FORMATS:
            for below in value:
                if below not in pages or not isinstance(value[below], dict):
                    yield f"{where}: [{name}.{below}]: unknown; choose from {', '.join(pages)}"
    if not str(given.get("about", "")).strip():
        yield f"{where}: about: missing; say in one sentence what the template is for"


def _sources(given: Json, page: str, shape: str) -> list[tuple[str, Json]]:
    """Return the tables that a page in a format is made of, by name, the general first."""
    of_shape = given.get(shape, {})
    tables = {
        "all": given.get("all", {}),
        f"{shape}.all": of_shape.get("all", {}),
        page: given.get(page, {}),
        f"{shape}.{page}": of_shape.get(page, {}),
    }
    return list(tables.items())


def _merged(first: Json, second: Json) -> Json:
    """Return the first with what the second says otherwise, table by table."""
    merged = dict(first)
    for key, value in second.items():
        below = merged.get(key)
        both = isinstance(value, dict) and isinstance(below, dict)
        merged[key] = _merged(below, value) if both else value  # type: ignore[arg-type]
    return merged


def _origin(sources: list[tuple[str, Json]], place: tuple[Any, ...]) -> str:
    """Return the table that says what stands at a place; the general one when none does."""
    for name, table in reversed(sources):
        if place and place[0] in table:
            inner = table[place[0]]
            if len(place) == 1 or not isinstance(inner, dict) or place[1] in inner:
                return name
    return sources[0][0]


def _words(where: str, sources: list[tuple[str, Json]], error: Any) -> str:
    """Return one validation error as file, table, key and mend."""
    key = ".".join(str(part) for part in error["loc"])
    return f"{where}: [{_origin(sources, error['loc'])}] {key}: {mend(error)}"
