"""Rooms of their own for the benches' peers: pinned packages that may not stand beside ours.

Made once below the user's cache folder and used by every checkout. What cannot be had on this
machine is said in words, and the bench goes on without that peer.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

#: Seconds that one installation may take.
INSTALL_S = 600.0


class Missing(Exception):
    """A peer cannot be had here; the text says why."""


def python_with(name: str, pins: Sequence[str]) -> Path:
    """Return the Python of a virtual environment with pinned packages. Raises Missing."""

    def make(room: Path) -> None:
        _call([sys.executable, "-m", "venv", str(room)])
        pip = [str(room / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _call([*pip, "--disable-pip-version-check", "--root-user-action=ignore", *pins])

    return _room(name, pins, make) / "bin" / "python"


def node_with(name: str, pins: Sequence[str]) -> Path:
    """Return a folder whose ``node_modules`` has pinned packages. Raises Missing."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise Missing(f"{name}: node and npm are not installed")

    def make(room: Path) -> None:
        room.mkdir()
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        _call([*npm, "--prefix", str(room), *pins])

    return _room(name, pins, make)


def _room(name: str, pins: Sequence[str], make: Callable[[Path], None]) -> Path:
    """Return the folder of these very pins, made when it is not there or only half made."""
    digest = hashlib.sha256("\n".join([sys.version, *pins]).encode()).hexdigest()[:12]
    room = _cache() / f"{name}-{digest}"
    with _alone(room.with_suffix(".lock")):
        stamp = room / ".made"
        if not stamp.exists():
            shutil.rmtree(room, ignore_errors=True)
            print(f"installing {' '.join(pins)} …", file=sys.stderr, flush=True)
            try:
                make(room)
            except (OSError, subprocess.SubprocessError) as error:
                said = str(getattr(error, "stderr", "") or error).strip().splitlines()
                raise Missing(f"{name} cannot be installed: {said[-1]}") from error
            stamp.touch()
    return room


def _cache() -> Path:
    above = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(above) / "brandcast" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Let one bench at a time install."""
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _call(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
