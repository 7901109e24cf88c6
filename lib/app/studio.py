"""The wired ports that every verb is handed; ``lib/wiring`` is the only builder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lib.ports import Brands, Clock, Objects, Queue, Records, Text, Tools


@dataclass(frozen=True, slots=True)
class Studio:
    """One studio: its ports, and who executes here."""

    objects: Objects
    records: Records
    queue: Queue
    tools: Tools
    brands: Brands
    text: Text
    clock: Clock
    #: Names this process in the ledger, so that a restart can tell which attempts died with it.
    executor: str
    #: Folder for private work directories and for finished files that still wait for their upload.
    scratch: Path
