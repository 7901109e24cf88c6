"""One frozen Settings, read once from the environment (``BRANDCAST_*``); nothing else reads it.

An unknown variable or a bad value is refused by name, so that a typo cannot be silent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lib.core.errors import Refused

PREFIX = "BRANDCAST_"
ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """How this studio is wired."""

    #: Which adapters: "local" keeps everything below ``data``, "gcp" on Google Cloud.
    mode: str = "local"
    data: Path = ROOT / ".brandcast"
    #: Whose works the command line and the embedded API act on.
    owner: str = "me"
    port: int = 8080
    #: Steps that render at the same time; 0 means one for each core.
    workers: int = 0
    assets: Path = ROOT / "assets"
    #: Where on Google Cloud: project, region of the queues, bucket, Firestore database.
    project: str = ""
    region: str = ""
    bucket: str = ""
    database: str = "(default)"
    #: The functions that carry out the tasks of each queue, and whose identity the tasks carry.
    step_desk_url: str = ""
    step_render_url: str = ""
    tasks_account: str = ""
    #: Seconds for which a request to Google is tried again; then the caller is told "not yet".
    patience_s: int = 30
    #: Stand-ins for Google's services: a URL, and twice host and port. For tests.
    storage_endpoint: str = ""
    firestore_endpoint: str = ""
    tasks_endpoint: str = ""

    @property
    def kits(self) -> tuple[Path, ...]:
        """Return the folders that hold brand kits; the user's own come first."""
        return (self.data / "brands", self.assets / "brands")

    @property
    def templates(self) -> tuple[Path, ...]:
        """Return the folders that hold templates; the user's own come first."""
        return (self.data / "templates", self.assets / "templates")

    @property
    def render_workers(self) -> int:
        """Return how many steps may render at the same time."""
        return self.workers or os.cpu_count() or 1


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment. Raises Refused naming the variable."""
    source = os.environ if environ is None else environ
    given = {k.removeprefix(PREFIX).lower(): v for k, v in source.items() if k.startswith(PREFIX)}
    known = set(Settings.__dataclass_fields__)
    for name in given:
        if name not in known:
            choices = ", ".join(PREFIX + field.upper() for field in sorted(known))
            raise Refused(f"{PREFIX}{name.upper()} is no setting", hint=f"choose one of {choices}")
    values: dict[str, object] = {**given}
    for name in ("port", "workers", "patience_s"):
        if name in given:
            values[name] = _number(name, given[name])
    for name in ("data", "assets"):
        if name in given:
            values[name] = Path(given[name]).expanduser().resolve()
    return Settings(**values)  # type: ignore[arg-type]


def _number(name: str, text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise Refused(
            f"{PREFIX}{name.upper()} is {text!r}", hint="give a whole number from 0 to 65535"
        )
    return int(text)
