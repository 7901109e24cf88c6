"""The embedded bucket: objects are plain files that a person can open, copy and delete.

Called through the port ``Objects``, by the scheduled scan and by the route that serves media.
The file system is the truth; SQLite is its index and the outbox of its events. Whatever was
changed by hand is noticed by the next look at it, gets a generation and sends its events.
Knows nothing of works; refuses names that are not plain, and follows no links.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

from lib.adapters.asked import check_life, check_page, check_range
from lib.adapters.local import files, object_index
from lib.adapters.local.database import EVENTS, Database
from lib.adapters.local.mirror import Mirror, Scan
from lib.adapters.local.object_index import Fresh, Row
from lib.adapters.local.signing import Signer
from lib.core.errors import Conflict, NotFound, Refused, Unavailable
from lib.ports import Clock, ObjectInfo, Page


class LocalObjects:
    """Files below ``root``, indexed in ``database``."""

    def __init__(self, root: Path, database: Database, clock: Clock, *, base_url: str = "") -> None:
        """Open the bucket, creating the folder; ``base_url`` is where the media are served."""
        self._tree = files.Tree(root)
        self._database = database
        self._clock = clock
        self._news = database.door(EVENTS)
        self._signer = Signer(database.path.parent / "url.key", base_url)
        self._mirror = Mirror(self._tree, database, clock)

    def put_once(
        self,
        path: str,
        file: Path,
        *,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Create the object from ``file``; see the port."""

        def decide(row: Row | None, fresh: Fresh) -> Row | None:
            if row is None or (row.size == fresh.signature.size and row.crc32c == fresh.crc32c):
                return row
            raise Conflict(f"{path} exists already with other bytes")

        return self._put(path, file, decide, media_type, metadata, move=move)

    def replace(
        self,
        path: str,
        file: Path,
        *,
        generation: int,
        media_type: str,
        metadata: Mapping[str, str],
        move: bool = False,
    ) -> ObjectInfo:
        """Replace exactly this generation by ``file``; see the port."""

        def decide(row: Row | None, _: Fresh) -> Row | None:
            if row is None or row.generation != generation:
                now = "gone" if row is None else f"generation {row.generation}"
                raise Conflict(f"{path} is not generation {generation} any more: it is {now}")
            return None

        return self._put(path, file, decide, media_type, metadata, move=move)

    def stat(self, path: str) -> ObjectInfo | None:
        """Return what is stored at ``path`` now, or None; see the port."""
        row = self._mirror.look(path)
        return None if row is None else row.info()

    def read(self, path: str, *, start: int = 0, end: int | None = None) -> bytes:
        """Return bytes ``start`` to ``end``, fewer where the object ends; see the port."""
        check_range(start, end)
        if self._mirror.look(path) is None:
            raise NotFound(f"there is no object {path}")
        try:
            with open(self._tree.locate(path), "rb") as stored:
                stored.seek(start)
                return stored.read(-1 if end is None else end - start)
        except FileNotFoundError as error:
            raise NotFound(f"there is no object {path}") from error
        except OSError as error:
            raise Unavailable(f"{path} cannot be read: {error}") from error

    def fetch(self, path: str, generation: int, file: Path) -> None:
        """Copy exactly this generation into ``file``, checked byte for byte; see the port."""
        row = self._mirror.look(path)
        if row is None or row.generation != generation:
            raise NotFound(f"there is no generation {generation} of {path}")
        try:
            copied = self._tree.copy_out(self._tree.locate(path), file)
        except FileNotFoundError as error:
            if not file.parent.is_dir():
                raise Refused(f"there is no folder {file.parent}", hint="create it") from error
            raise NotFound(f"there is no object {path} any more") from error
        if (copied.signature.size, copied.crc32c) == (row.size, row.crc32c):
            return
        files.drop(str(file))
        now = self._mirror.recheck(path)
        if now is None or now.generation != generation:
            raise NotFound(f"there is no generation {generation} of {path} any more")
        raise Unavailable(f"{path} changed while it was copied", retry_after_s=1.0)

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """Return one page of the objects below ``prefix``; see the port."""
        check_page(limit)
        return self._mirror.page(prefix, cursor or "", limit, Scan())

    def delete(self, path: str, *, generation: int) -> bool:
        """Delete exactly this generation; False when it is not there any more."""
        place = self._tree.locate(path)

        def carry_out(conn: sqlite3.Connection, row: Row | None) -> bool:
            if row is None or row.generation != generation:
                return False
            object_index.remove(conn, row, self._clock.now())
            files.drop(place)
            self._database.sync_folder(os.path.dirname(place))
            return True

        deleted = self._mirror.agreed(path, carry_out)
        if deleted:
            self._news.knock()
        return deleted

    def signed_url(self, path: str, *, expires_s: float) -> str:
        """Return a URL that lets anyone read this generation until it expires.

        Raises NotFound when there is no object, Refused when ``expires_s`` is over seven days.
        """
        check_life(expires_s)
        row = self._mirror.look(path)
        if row is None:
            raise NotFound(f"there is no object {path}")
        return self._signer.url(path, row.generation, self._clock.now() + expires_s)

    def verify_signed(self, path: str, query: Mapping[str, str]) -> ObjectInfo:
        """Return the object that a signed URL names.

        ``path`` is the object's (unquoted), ``query`` the URL's parameters. Raises Refused when
        the URL is not genuine or has expired, NotFound when that generation is gone.
        """
        generation = self._signer.check(path, query, self._clock.now())
        row = self._mirror.look(path)
        if row is None or row.generation != generation:
            raise NotFound(f"{path} has changed since the link was made")
        return row.info()

    def scan(self, *, deep: bool = False) -> Scan:
        """Compare the whole tree with the index, adopt every difference, and count them.

        ``deep`` reads every file, so that bytes that rotted or were edited under an unchanged
        size and time are found as well.
        """
        return self._mirror.scan(trusting=not deep)

    def scan_on(self, budget_s: float) -> Scan:
        """Compare as much of the tree as ``budget_s`` allows, from where the last call ended."""
        return self._mirror.scan_on(budget_s)

    def sweep_tmp(self) -> int:
        """Remove what puts of a dead process left; call at start, while nobody else writes."""
        return self._tree.sweep_tmp()

    def _put(
        self,
        path: str,
        file: Path,
        decide: Callable[[Row | None, Fresh], Row | None],
        media_type: str,
        metadata: Mapping[str, str],
        *,
        move: bool,
    ) -> ObjectInfo:
        place = self._tree.locate(path)
        notes = json.dumps(dict(metadata)) if metadata else "{}"
        arrived, checked = self._tree.take_in(file, move=move)
        fresh = Fresh(path, checked.signature, checked.crc32c, media_type, notes)

        def carry_out(conn: sqlite3.Connection, old: Row | None) -> Row:
            if (known := decide(old, fresh)) is not None:
                return known
            if old is None and os.path.lexists(place):
                raise Refused(
                    f"{path} is a folder or a link on the disk",
                    hint="no object's path may continue the path of another object",
                )
            row = object_index.insert(conn, fresh, old, self._clock.now())
            # Last, so that everything that can fail before leaves the old file in its place.
            for folder in self._tree.move_in(arrived, place):
                self._database.sync_folder(folder)
            return row

        try:
            # The bytes and their name are on the disk; a power cut that takes the row leaves a
            # file that the next look takes in again.
            row = self._mirror.agreed(path, carry_out, durable=False)
        finally:
            if arrived != str(file):
                files.drop(arrived)
        self._news.knock()
        return row.info()
