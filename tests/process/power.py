"""A disk that keeps only what was synced, so that a power cut can be had at any instant.

Watches ``os.fsync`` and ``os.fdatasync`` of this process. Of a bucket's files it keeps the bytes that
each had when it was last synced, and the entries that each folder had when that was; of the
database the log as it was at its last sync, or as it is: a kernel may write back what nobody asked
for, and both must be survived.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest


class Synced(NamedTuple):
    """A file's bytes on the disk, and what its inode looked like then."""

    data: bytes
    mtime_ns: int


class Disk:
    """The disk below one data folder."""

    def __init__(self, data: Path, patch: pytest.MonkeyPatch) -> None:
        self._data = data
        self._bucket = str(data / "bucket")
        self._files: dict[int, Synced] = {}
        #: By folder, relative to the bucket: name → inode, of files and folders.
        self._entries: dict[str, dict[str, int]] = {}
        self._log: dict[str, bytes] = {}
        self.syncs = 0
        fsync, fdatasync = os.fsync, os.fdatasync

        def noting_fsync(handle: int) -> None:
            fsync(handle)
            self._note(handle)

        def noting_fdatasync(handle: int) -> None:
            fdatasync(handle)
            self._note(handle)

        patch.setattr(os, "fsync", noting_fsync)
        patch.setattr(os, "fdatasync", noting_fdatasync)

    def _note(self, handle: int) -> None:
        place = os.readlink(f"/proc/self/fd/{handle}")
        found = os.fstat(handle)
        if not place.startswith(f"{self._data}/"):
            return
        self.syncs += 1
        if place.startswith(self._bucket) and os.path.isdir(place):
            names = {entry.name: entry.inode() for entry in os.scandir(place)}
            self._entries[os.path.relpath(place, self._bucket)] = names
        elif place.endswith(".db-wal"):
            for ending in ("", "-wal"):
                self._log[ending] = (self._data / f"studio.db{ending}").read_bytes()
        else:
            self._files[found.st_ino] = Synced(Path(place).read_bytes(), found.st_mtime_ns)

    def cut(self, after: Path, *, log_synced: bool, names_kept: bool) -> Path:
        """Return a data folder as it is found after a power cut now.

        ``log_synced``: nothing of the database's log is there but what was synced; else all of it.
        ``names_kept``: unsynced bytes are lost and unsynced names are kept; else names are lost.
        """
        data = after / "data"
        shutil.rmtree(after, ignore_errors=True)
        (data / "bucket").mkdir(parents=True)
        for ending in ("", "-wal"):
            file = self._data / f"studio.db{ending}"
            now = file.read_bytes() if file.exists() else b""
            found = self._log.get(ending, b"") if log_synced else now
            (data / f"studio.db{ending}").write_bytes(found)
        if names_kept:
            self._keep_names(data / "bucket")
        else:
            self._keep_entries(data / "bucket", ".")
        return data

    def _keep_names(self, bucket: Path) -> None:
        for folder, _, names in os.walk(self._bucket):
            there = bucket / os.path.relpath(folder, self._bucket)
            there.mkdir(exist_ok=True)
            for name in names:
                found = os.stat(f"{folder}/{name}")
                synced = self._files.get(found.st_ino)
                whole = synced is not None and synced.mtime_ns == found.st_mtime_ns
                (there / name).write_bytes(synced.data if synced and whole else b"")

    def _keep_entries(self, bucket: Path, folder: str) -> None:
        for name, inode in self._entries.get(folder, {}).items():
            path = os.path.normpath(f"{folder}/{name}")
            if os.path.isdir(f"{self._bucket}/{path}"):
                (bucket / path).mkdir()
                self._keep_entries(bucket, path)
            elif inode in self._files:
                (bucket / path).write_bytes(self._files[inode].data)
            else:
                (bucket / path).write_bytes(b"")
