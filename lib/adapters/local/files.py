"""A folder of plain files seen as a bucket: safe names, checksums, one sorted walk.

Called by ``objects.py`` only. Knows nothing of generations, rows or events; it says what lies
on the disk, and raises Unavailable when it could not look.
"""

from __future__ import annotations

import itertools
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import google_crc32c

from lib.checksum import as_text
from lib.core.errors import Refused, Unavailable

#: Folder for files on their way in; on the same file system, so that a rename moves them.
TMP = ".tmp"
#: Bytes read at once: large enough that the checksum runs at the speed of memory.
BLOCK = 1 << 20
#: Cloud Storage's limit for a name, and most file systems' limit for one part of it, in bytes.
MOST_NAME_BYTES = 1024
MOST_PART_BYTES = 255
#: Sorts behind every name: the largest code point, which no name may hold.
LAST = "\U0010ffff"
#: A part does not start with a dot and holds no control character, backslash or slash.
_PART = rf"(?!\.)[^\x00-\x1f\x7f\\/{LAST}]+"
_NAME = re.compile(rf"{_PART}(?:/{_PART})*")
_ABSENT = (FileNotFoundError, NotADirectoryError)


class Signature(NamedTuple):
    """What tells a changed file from an unchanged one without reading it.

    Blind to one thing only: a file overwritten in place by as many other bytes within the same
    tick of the file system's clock (4 ms) in which it was last indexed.
    """

    size: int
    mtime_ns: int
    inode: int


class Checked(NamedTuple):
    """A file's signature and the checksum of the bytes it had then."""

    signature: Signature
    crc32c: str


def fits(name: str) -> bool:
    """Tell whether a name is a plain relative path that any file system can hold."""
    if _NAME.fullmatch(name) is None:
        return False
    if name.isascii() and len(name) <= MOST_PART_BYTES:
        return True
    try:
        raw = name.encode()
    except UnicodeEncodeError:
        return False
    return len(raw) <= MOST_NAME_BYTES and max(map(len, raw.split(b"/"))) <= MOST_PART_BYTES


class Tree:
    """The files below ``root``; every name is checked before it touches the disk."""

    def __init__(self, root: Path) -> None:
        """Create the folder when it is missing."""
        try:
            (root / TMP).mkdir(parents=True, exist_ok=True)
            self.root = os.path.realpath(root)
            self._device = os.stat(self.root).st_dev
        except OSError as error:
            raise Unavailable(f"the media folder {root} cannot be opened: {error}") from error
        self._tmp = os.path.join(self.root, TMP)
        self._mine = secrets.token_hex(8)
        self._count = itertools.count()

    def locate(self, path: str) -> str:
        """Return the file's place on the disk. Raises Refused unless the path is plain."""
        if not fits(path):
            raise Refused(
                f"{path!r} is no plain object path",
                hint="use names separated by '/', none of them starting with a dot",
            )
        folder = self.root
        for part in path.split("/")[:-1]:
            folder = f"{folder}/{part}"
            try:
                mode = os.lstat(folder).st_mode
            except _ABSENT:
                break
            except OSError as error:
                raise Unavailable(f"{folder} cannot be looked at: {error}") from error
            if stat.S_ISLNK(mode):
                raise _linked(folder)
        return f"{self.root}/{path}"

    def check_present(self) -> None:
        """Raise Unavailable when the folder itself is gone, as an unmounted disk's is."""
        if not os.path.isdir(self._tmp):
            raise Unavailable(f"the media folder {self.root} is not there; is its disk mounted?")

    def signature(self, place: str) -> Signature | None:
        """Return the signature of the regular file at ``place``; None when there is none."""
        try:
            found = os.lstat(place)
        except _ABSENT:
            return None
        except OSError as error:
            raise Unavailable(f"{place} cannot be looked at: {error}") from error
        if stat.S_ISLNK(found.st_mode):
            raise _linked(place)
        return _signature(found) if stat.S_ISREG(found.st_mode) else None

    def check(self, place: str) -> Checked | None:
        """Read the whole file; None when it is gone or changed meanwhile."""
        try:
            handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            try:
                before = _signature(os.fstat(handle))
                crc = 0
                while block := os.read(handle, BLOCK):
                    crc = google_crc32c.extend(crc, block)
                after = _signature(os.fstat(handle))
            finally:
                os.close(handle)
        except _ABSENT:
            return None
        except OSError as error:
            raise Unavailable(f"{place} cannot be read: {error}") from error
        return Checked(after, as_text(crc)) if before == after else None

    def take_in(self, source: Path, *, move: bool = False) -> tuple[str, Checked]:
        """Copy a file into the folder for arrivals, durably; return its place there.

        With ``move`` it stays where it is, if that is a place from which it can be moved.
        """
        place = f"{self._tmp}/{self._mine}-{next(self._count)}"
        try:
            if move and os.stat(source).st_dev == self._device:
                return str(source), _make_durable(str(source))
            checked = _copy(str(source), place, durable=True)
        except FileNotFoundError as error:
            self.check_present()
            raise Refused(f"there is no file {source}", hint="write it first") from error
        except OSError as error:
            drop(place)
            raise Unavailable(f"{source} cannot be stored: {error}") from error
        return place, checked

    def move_in(self, arrived: str, place: str) -> list[str]:
        """Move an arrival to its place; return the folders whose entries must be made durable."""
        folder = os.path.dirname(place)
        try:
            try:
                os.rename(arrived, place)
            except FileNotFoundError:
                made = self._make(folder)
                os.rename(arrived, place)
                return [*made, folder]
        except (IsADirectoryError, NotADirectoryError, FileExistsError) as error:
            raise Refused(
                f"{place} cannot be a file: part of the path is a file and a folder at once",
                hint="no object's path may continue the path of another object",
            ) from error
        except OSError as error:
            raise Unavailable(f"{place} cannot be stored: {error}") from error
        return [folder]

    def copy_out(self, place: str, target: Path) -> Checked:
        """Copy a stored file to ``target``. Raises FileNotFoundError when it is gone."""
        try:
            return _copy(place, str(target), durable=False)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Unavailable(f"{place} cannot be copied to {target}: {error}") from error

    def walk(self, prefix: str, after: str) -> Iterator[tuple[str, Signature]]:
        """Yield path and signature of every file below ``prefix`` and behind ``after``, sorted.

        The order is that of the paths' UTF-8 bytes. Links, hidden files and names that are no
        object paths are passed over. Raises Unavailable when a folder cannot be read.
        """
        folder = prefix.rpartition("/")[0]
        self.check_present()
        if folder:
            self.locate(f"{folder}/x")
            folder += "/"
        yield from self._walk(folder, prefix, after)

    def sweep_tmp(self) -> int:
        """Remove the arrivals that a dead process left behind; return how many."""
        stale = [name for name in os.listdir(self._tmp) if not name.startswith(self._mine)]
        for name in stale:
            drop(f"{self._tmp}/{name}")
        return len(stale)

    def _make(self, folder: str) -> list[str]:
        """Create a folder with its parents; return the parents that got a new entry."""
        missing = []
        while not os.path.isdir(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for made in reversed(missing):
            os.mkdir(made)
        return [os.path.dirname(made) for made in missing]

    def _walk(self, folder: str, prefix: str, after: str) -> Iterator[tuple[str, Signature]]:
        for path in sorted(self._entries(folder, prefix, after)):
            if path.endswith("/"):
                yield from self._walk(path, prefix, after)
            elif seen := self.signature(f"{self.root}/{path}"):
                yield path, seen

    def _entries(self, folder: str, prefix: str, after: str) -> list[str]:
        """Return the files of a folder, and with a slash its folders, that the walk must see.

        A folder sorts with its slash: "a.b" comes before "a/b", as in a bucket.
        """
        found = []
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                for entry in entries:
                    path = folder + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        path += "/"
                        wanted = path.startswith(prefix) or prefix.startswith(path)
                        wanted = wanted and (path > after or after.startswith(path))
                    else:
                        wanted = path > after and path.startswith(prefix)
                        wanted = wanted and entry.is_file(follow_symlinks=False)
                    if wanted and fits(path.removesuffix("/")):
                        found.append(path)
        except _ABSENT:
            return []
        except OSError as error:
            raise Unavailable(f"{folder or self.root} cannot be listed: {error}") from error
        return found


def drop(place: str) -> None:
    """Remove a file of ours; it may be gone already."""
    try:
        os.unlink(place)
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unavailable(f"{place} cannot be removed: {error}") from error


def _linked(place: str) -> Refused:
    return Refused(f"{place} is a symbolic link", hint="links are not followed; put the real thing")


def _signature(found: os.stat_result) -> Signature:
    # SQLite's integers are signed; some file systems use the top bit of an inode number.
    return Signature(found.st_size, found.st_mtime_ns, found.st_ino & 0x7FFFFFFFFFFFFFFF)


def _make_durable(place: str) -> Checked:
    """Read a file that nobody writes any more, and wait until its bytes are on the disk."""
    handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        crc = 0
        while block := os.read(handle, BLOCK):
            crc = google_crc32c.extend(crc, block)
        os.fsync(handle)
        return Checked(_signature(os.fstat(handle)), as_text(crc))
    finally:
        os.close(handle)


def _copy(source: str, target: str, *, durable: bool) -> Checked:
    reading = os.open(source, os.O_RDONLY)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            crc = 0
            while block := os.read(reading, BLOCK):
                crc = google_crc32c.extend(crc, block)
                while len(block) > (written := os.write(writing, block)):
                    block = block[written:]
            if durable:
                os.fsync(writing)
            return Checked(_signature(os.fstat(writing)), as_text(crc))
        finally:
            os.close(writing)
    finally:
        os.close(reading)
