"""Who may know whom: the layer rule, third parties in their rooms, no cycles."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.source import Module, imports, modules, read

#: Room → rooms of ours that it may import. The longest prefix of a module's name decides.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "lib.core": ("lib.core",),
    "lib.ports": ("lib.core",),
    "lib.checksum": (),
    "lib.colour": (),
    "lib.app": ("lib.app", "lib.ports", "lib.core", "lib.checksum"),
    "lib.templates": ("lib.templates", "lib.core"),
    # Its rooms lie above one another too; whoever runs a tool stands at the door.
    "lib.media.room": ("lib.core",),
    "lib.media.runner": ("lib.media.runner", "lib.core"),
    "lib.media.text": ("lib.media.text", "lib.core", "lib.colour"),
    "lib.media.picture": ("lib.media.picture", "lib.media.room", "lib.core", "lib.colour"),
    "lib.media.sound": ("lib.media.sound", "lib.media.runner", "lib.core"),
    "lib.media.layout": (
        "lib.media.layout",
        "lib.media.picture",
        "lib.media.text",
        "lib.media.room",
        "lib.templates",
        "lib.core",
        "lib.colour",
    ),
    "lib.media": ("lib.media", "lib.templates", "lib.ports", "lib.core", "lib.colour"),
    "lib.adapters.document": ("lib.ports", "lib.core"),
    "lib.adapters.asked": ("lib.adapters.document", "lib.ports", "lib.core"),
    "lib.adapters.local": (
        "lib.adapters.local",
        "lib.adapters.document",
        "lib.adapters.asked",
        "lib.checksum",
        "lib.ports",
        "lib.core",
    ),
    "lib.adapters.offline": ("lib.adapters.offline", "lib.ports", "lib.core"),
    "lib.adapters.clock": ("lib.ports", "lib.core"),
    "lib.adapters.kits": ("lib.templates", "lib.ports", "lib.core", "lib.colour"),
    "lib.adapters.gcp": (
        "lib.adapters.gcp",
        "lib.adapters.document",
        "lib.adapters.asked",
        "lib.checksum",
        "lib.ports",
        "lib.core",
    ),
    "lib.adapters.s3": (
        "lib.adapters.s3",
        "lib.adapters.document",
        "lib.adapters.asked",
        "lib.checksum",
        "lib.ports",
        "lib.core",
    ),
    "lib.adapters": (),
    "lib.settings": ("lib.core",),
    "lib.logs": (),
    "lib.wiring": ("lib",),
    "lib.delivery": ("lib.app", "lib.core", "main"),
    "lib.deployment": ("lib.core", "main"),
    "lib.crew": ("lib",),
    "lib.embedded": ("lib",),
    "lib.server": ("lib",),
    # Only its words for a deploy: infra is not there where the functions run.
    "lib.cli.deploy": ("lib", "infra"),
    "lib.cli.cost": ("lib", "infra"),
    "lib.cli": ("lib",),
    "functions": ("lib.wiring", "lib.app"),
    "main": ("functions",),
    "infra": ("infra", "lib.deployment", "lib.core"),
    "lib": (),
}
#: Third party → the only rooms that may import it.
ONLY_IN: dict[str, tuple[str, ...]] = {
    "google": ("lib.adapters.gcp", "infra.offline"),
    "boto3": ("lib.adapters.s3",),
    "botocore": ("lib.adapters.s3",),
    "PIL": ("lib.media",),
    "ffmpeg": ("lib.media",),
    "ffmpeg_binaries": ("lib.media",),
    "hibari": ("lib.media",),
    "onnxruntime": ("lib.media",),
    "numpy": ("lib.media",),
    "fontTools": ("lib.media", "lib.adapters.kits"),
    "sqlite3": ("lib.adapters.local",),
    "google_crc32c": ("lib.checksum", "lib.adapters.local", "lib.adapters.s3"),
    "flask": ("functions", "lib.delivery"),
    "werkzeug": ("lib.app.api", "lib.server"),
    "functions_framework": ("functions", "lib.server"),
    "cloudevents": ("functions", "lib.delivery"),
    "rich": ("lib.cli",),
    # Imports by name cannot be read off the source: only where a table of ours says the names.
    "importlib": (
        "main",
        "lib.cli.__main__",
        "lib.media.worker",
        "lib.media.runner.binaries",
        "lib.media.voice.speakers",
    ),
}
#: What the kernel may import besides itself.
PURE = {"pydantic", "__future__", "collections", "dataclasses", "enum", "typing", "re", "math"}
PURE |= {"hashlib", "json", "errno", "unicodedata"}
#: Rooms in which an import may stand inside a function, so that a start stays cheap.
LAZY = ("lib.adapters", "lib.media", "lib.wiring", "lib.cli", "main")


def within(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def room_of(name: str) -> str:
    return max((room for room in MAY_IMPORT if within(name, (room,))), key=len)


def broken(found: list[Module]) -> list[str]:
    """Return every import that breaks a rule, with its place."""
    ours = {"lib", "functions", "main", "infra"}
    faults = []
    for module in found:
        for target, line, top in imports(module):
            first = target.split(".")[0]
            place = f"{module.name}:{line} imports {target}"
            if first in ours and not within(target, MAY_IMPORT[room_of(module.name)]):
                faults.append(place)
            if first in ONLY_IN and not within(module.name, ONLY_IN[first]):
                faults.append(place)
            if within(module.name, ("lib.core",)) and first not in PURE | {"lib"}:
                faults.append(place)
            if not top and not within(module.name, LAZY):
                faults.append(f"{place} inside a function")
    return faults


def cycles(found: list[Module]) -> list[str]:
    names = {module.name for module in found}
    graph = {
        module.name: {
            name
            for target, _, top in imports(module)
            if top
            for name in (target, target.rpartition(".")[0])
            if name in names and name != module.name
        }
        for module in found
    }
    faults, done = [], set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            faults.append(" → ".join((*trail[trail.index(name) :], name)))
        elif name not in done:
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
    return faults


def test_every_import_stays_within_its_layer() -> None:
    assert broken(modules()) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert cycles(modules()) == []


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("lib/core/x.py", "from lib.app import settle"),
        ("lib/core/x.py", "import sqlite3"),
        ("lib/core/x.py", "import time"),
        ("lib/app/x.py", "from lib.adapters.local.queue import LocalQueue"),
        ("lib/app/x.py", "from PIL import Image"),
        ("lib/app/x.py", "def f():\n    import json"),
        ("lib/media/x.py", "from lib.app.studio import Studio"),
        ("lib/adapters/local/x.py", "from lib.adapters.offline import writer"),
        ("lib/adapters/local/x.py", "from google.cloud import storage"),
        ("functions/x.py", "from lib.adapters.local.queue import LocalQueue"),
        ("lib/app/x.py", "from ..adapters import kits"),
        ("lib/app/x.py", "from .. import wiring"),
        ("lib/adapters/local/x.py", "from ..offline import writer"),
        ("lib/app/x.py", "import importlib"),
        ("lib/adapters/s3/x.py", "from google.cloud import storage"),
        ("lib/adapters/gcp/x.py", "import sqlite3"),
        ("lib/new_room/x.py", "from lib.app import settle"),
        ("lib/cli/x.py", "from functions import on_tick"),
        ("lib/wiring.py", "from infra.offline.picture import picture"),
        ("infra/rules/x.py", "from lib.app import settle"),
        ("lib/ports.py", "from lib.app.studio import Studio"),
    ],
)
def test_a_planted_breach_is_found(tmp_path: Path, place: str, text: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert broken([read(file, tmp_path)])


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("lib/app/x.py", "from .studio import Studio"),
        ("lib/app/views/__init__.py", "from .words import phase"),
        ("lib/media/x.py", "def f():\n    from PIL import Image"),
        ("lib/adapters/gcp/x.py", "from google.cloud import storage"),
    ],
)
def test_what_is_allowed_is_not_called_a_breach(tmp_path: Path, place: str, text: str) -> None:
    file = tmp_path / place
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert broken([read(file, tmp_path)]) == []


def test_a_planted_circle_is_found(tmp_path: Path) -> None:
    room = tmp_path / "lib" / "core"
    room.mkdir(parents=True)
    (room / "a.py").write_text("from lib.core import b")
    (room / "b.py").write_text("from lib.core.a import x")
    assert cycles([read(room / "a.py", tmp_path), read(room / "b.py", tmp_path)])
