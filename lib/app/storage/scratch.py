"""What dead processes left on this machine: by age, because a running one leaves nothing so long.

Called by both sweeps. Files that wait for their upload are ``salvage``'s.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from lib.app.salvage import FINISHED, RUN
from lib.app.storage.report import Swept
from lib.app.studio import Studio
from lib.core.retention import SCRATCH_KEEP_S

#: With what the names of private folders begin: tools', migrations', and what Python names.
PREFIXES = (RUN, "migrate-", "tmp")


def forget(studio: Studio, report: Swept) -> None:
    """Remove what is older than its keep time from the scratch folder, and count it."""
    waiting = studio.scratch / FINISHED
    for entry in waiting.iterdir() if waiting.is_dir() else ():
        _forget(entry, studio.clock.now(), report)
    for prefix in PREFIXES:
        for entry in studio.scratch.glob(f"{prefix}*"):
            _forget(entry, studio.clock.now(), report)


def _forget(entry: Path, now: float, report: Swept) -> None:
    # Whoever it belongs to may remove it while we look.
    with contextlib.suppress(FileNotFoundError):
        if now - entry.stat().st_mtime < SCRATCH_KEEP_S:
            return
        files = [f for f in entry.rglob("*") if f.is_file()] if entry.is_dir() else [entry]
        report.scratch_files += len(files)
        report.scratch_bytes += sum(file.stat().st_size for file in files)
        if report.dry_run:
            return
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink()
