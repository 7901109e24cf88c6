"""Google's own emulators: they come with its command line, and nowhere else."""

from __future__ import annotations

import shutil
from pathlib import Path


def jar(pattern: str) -> Path | None:
    """Return an emulator's archive below the command line's folder, or None without it or Java."""
    gcloud = shutil.which("gcloud")
    if gcloud is None or shutil.which("java") is None:
        return None
    return next(iter(sorted(Path(gcloud).resolve().parent.parent.glob(pattern))), None)
