"""What lies on the disk of a studio, read without the studio: its tables by SQL, its files as files.

Shares no code with what it holds to account: neither adapters nor verbs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import google_crc32c

#: Phases in which nothing moves by itself.
RESTING = {"ready", "partial", "failed", "unsure", "archived"}


def crc32c_of(file: Path) -> str:
    """Return a file's checksum as Cloud Storage writes it."""
    value = google_crc32c.value(file.read_bytes())
    return base64.b64encode(value.to_bytes(4, "big")).decode()


class Evidence:
    """A studio's data folder as it was when nobody ran."""

    def __init__(self, data: Path) -> None:
        """Read a copy of the database, so that the studio finds it as the kill left it."""
        self.data = data
        self.bucket = data / "bucket"
        with tempfile.TemporaryDirectory() as folder:
            for ending in ("", "-wal"):
                file = data / f"studio.db{ending}"
                if file.exists():
                    shutil.copy(file, Path(folder) / f"copy.db{ending}")
            with closing(sqlite3.connect(Path(folder) / "copy.db")) as copy:
                self.intact = copy.execute("PRAGMA integrity_check").fetchone()[0]
                sql = "SELECT data FROM document WHERE collection = 'works'"
                records = [json.loads(row[0]) for row in copy.execute(sql)]
                self.events: int = copy.execute("SELECT count(*) FROM event").fetchone()[0]
                self.dead: int = copy.execute("SELECT count(*) FROM dead").fetchone()[0]
        self.works: dict[str, dict[str, Any]] = {r["work"]["id"]: r for r in records}

    def lies(self, excused: set[str]) -> Iterator[str]:
        """Name each object that a ready work claims and whose bytes are not as recorded."""
        for id_, record in self.works.items():
            if record["summary"]["phase"] != "ready":
                continue
            for slot, path, keep in artifacts(record):
                if keep != "raw" and path not in excused:
                    why = self._differs(path, record["measured"].get(slot))
                    if why:
                        yield f"{id_} is ready, but {path} {why}"

    def _differs(self, path: str, claimed: dict[str, Any] | None) -> str:
        file = self.bucket / path
        if claimed is None:
            return "was never measured"
        if not file.is_file():
            return "is not in the bucket"
        if (file.stat().st_size, crc32c_of(file)) != (claimed["size"], claimed["crc32c"]):
            return "has other bytes than were recorded"
        return unsound(file)

    def attempts(self, **wanted: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield work and attempt of every entry of the ledgers whose fields are as wanted."""
        for id_, record in self.works.items():
            for attempt in record["attempts"].values():
                if all(attempt[name] == value for name, value in wanted.items()):
                    yield id_, attempt

    def leavings(self) -> list[str]:
        """Name what the studio put somewhere for a while and nobody will ever take away."""
        scratch = self.data / "scratch"
        found = [f for f in scratch.iterdir() if f.name != "finished"]
        found += [*(scratch / "finished").iterdir(), *(self.bucket / ".tmp").iterdir()]
        return [str(file.relative_to(self.data)) for file in found]


def artifacts(record: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield slot, path and keep of every artifact of a work's plan."""
    for step in record["work"]["plan"]["steps"]:
        for made in step["makes"]:
            yield made["slot"], made["path"], made["keep"]


def unsound(file: Path) -> str:
    """Say what is wrong with a file of these tests' tools; they carry their own digest."""
    if file.suffix == ".json":
        try:
            json.loads(file.read_bytes())
        except ValueError:
            return "is no whole document"
        return ""
    head, _, rest = file.read_bytes().partition(b"\n")
    try:
        digest = json.loads(head)["digest"]
    except (ValueError, KeyError):
        return "is no picture"
    return "" if hashlib.sha256(rest).hexdigest() == digest else "is cut short"


def count_lines(file: Path) -> Counter[str]:
    """Count the equal lines of a file that may not be there."""
    return Counter(file.read_text().splitlines() if file.exists() else ())
