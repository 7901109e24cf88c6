"""Finished files that still wait for their upload.

A file that passed its check is moved here before it is put, and unlinked only after the
bucket showed its bytes. When the process dies in between, the next attempt on this machine
finds the file, checks it again and uploads it without running the tool.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lib.app.studio import Studio
from lib.checksum import crc32c_of
from lib.core.checks import faults
from lib.core.errors import Unavailable, machine_fault
from lib.core.paths import fingerprint
from lib.core.work import Artifact, Json

#: Folder of the files that wait.
FINISHED = "finished"
#: Prefix of the private folders of tool runs.
RUN = "run-"
#: Prefix of the folders in which an object's bytes are looked at; the process's number follows.
LOOK = "look-"
_lending = threading.Lock()
_free_rooms: dict[Path, list[Path]] = {}


def place(scratch: Path, artifact: Artifact) -> Path:
    """Return where the finished file of an artifact waits."""
    return scratch / FINISHED / f"{fingerprint(artifact.path)}{Path(artifact.path).suffix}"


def facts_of(studio: Studio, artifact: Artifact, file: Path) -> Json | None:
    """Return the facts of a waiting file when it is there and valid, else None."""
    if not file.is_file():
        return None
    facts = studio.tools.probe(file, artifact.check.media_type)
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        return None  # another attempt on this machine took it along
    if faults(artifact.check, size, facts):
        file.unlink(missing_ok=True)
        return None
    return facts


def forget_uploaded(studio: Studio, artifacts: tuple[Artifact, ...]) -> None:
    """Unlink waiting files whose very bytes the bucket shows: their process died in between."""
    for artifact in artifacts:
        file = place(studio.scratch, artifact)
        info = studio.objects.stat(artifact.path) if file.is_file() else None
        # Whoever is at the step now may take the file away while we look at the bucket.
        with contextlib.suppress(FileNotFoundError):
            if info is not None and info.crc32c == crc32c_of(file):
                file.unlink()


@contextmanager
def room(scratch: Path) -> Iterator[Path]:
    """Lend an empty folder for one run of a tool; whatever is left in it is removed."""
    with _lending:
        free = _free_rooms.setdefault(scratch, [])
        folder = free.pop() if free else None
    if folder is None or not folder.is_dir():
        folder = Path(tempfile.mkdtemp(prefix=RUN, dir=scratch))
    try:
        yield folder
    finally:
        # A studio that stops may have removed the folder already.
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path, ignore_errors=True)
                else:
                    os.unlink(entry.path)
        with _lending:
            free.append(folder)


@contextmanager
def look(scratch: Path) -> Iterator[Path]:
    """Lend a folder for a look at an object's bytes. Raises Unavailable when there is no room."""
    try:
        folder = tempfile.mkdtemp(prefix=f"{LOOK}{os.getpid()}-", dir=scratch)
    except OSError as error:
        raise Unavailable(f"nothing can be looked at: {machine_fault(error) or error}") from error
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_looks(studio: Studio) -> int:
    """Remove the folders of looks whose process is dead; a command may look while we start."""
    dead = [f for f in studio.scratch.glob(f"{LOOK}*") if not _lives(f.name)]
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return len(dead)


def _lives(name: str) -> bool:
    return Path("/proc", name.removeprefix(LOOK).partition("-")[0]).exists()


def forget_runs(studio: Studio) -> int:
    """Remove the private folders of runs that died with an earlier process; return how many."""
    dead = [folder for folder in studio.scratch.glob(f"{RUN}*") if folder.is_dir()]
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return len(dead)
