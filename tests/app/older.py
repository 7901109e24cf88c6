"""An older studio's bucket, for the tests of ``migrate``: files that carry their own facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lib.adapters.clock import ManualClock
from lib.adapters.local.database import Database
from lib.adapters.local.objects import LocalObjects
from lib.app import views
from lib.app.migrate import Report, Source, migrate
from lib.core.errors import Unavailable
from lib.ports import Page
from tests.app.crank import OWNER, Crank
from tests.app.instant import InstantTools

PICTURE = {"media_type": "image/png", "width": 1080, "height": 1350, "spread": 40.0}
FILM = {
    "media_type": "video/mp4",
    "width": 1080,
    "height": 1920,
    "spread": 40.0,
    "seconds": 7.5,
    "video_codec": "h264",
    "pixel_format": "yuv420p",
    "faststart": True,
}
#: One of everything: a whole reel, a carousel of two, a post, each of brand ``college``.
WHOLE = {
    "thumbnails/gen-1_college_thumbnail.png": PICTURE,
    "thumbnails/gen-1_college-youtube.jpg": PICTURE,
    "reels/gen-1_college_reel.png": PICTURE,
    "videos/gen-1_college_video.mp4": FILM,
    "posts/gen-2_slide_1.png": PICTURE,
    "posts/gen-2_slide_2.png": PICTURE,
    "posts/gen-3_college_background.png": PICTURE,
}
VIDEO = "anna/college/videos/gen-1_college_video.mp4"


class Older:
    """The older bucket as a source that is only read, and that can be told to misbehave."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self._database = Database(folder / "older.db")
        self.bucket = LocalObjects(
            folder / "older", self._database, self.clock, base_url="http://127.0.0.1:1"
        )
        self._scratch = folder / "put.bin"
        #: Told key and file after a fetch; may spoil the file or raise.
        self.on_fetch: Callable[[str, Path], None] = lambda key, file: None
        self.fetched: list[str] = []

    def put(self, key: str, facts: dict[str, Any] | None = None, data: bytes | None = None) -> None:
        """Put a file, in the place of the one that is there."""
        whole = InstantTools()._bytes(key, facts or PICTURE) if data is None else data
        self._scratch.write_bytes(whole)
        old = self.bucket.stat(key)
        if old is not None:
            self.bucket.delete(key, generation=old.generation)
        self.clock.advance(60)
        self.bucket.put_once(key, self._scratch, media_type="any/thing", metadata={})

    def fill(self, place: str = "anna/college", names: dict[str, Any] = WHOLE) -> None:
        """Put files of one brand."""
        for name, facts in names.items():
            self.put(f"{place}/{name}", facts)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    # What a migration may call: nothing else is here.

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        """List as S3 does: two a page, and with no checksum."""
        page = self.bucket.list(prefix, cursor=cursor, limit=min(limit, 2))
        return Page(tuple(replace(item, crc32c="") for item in page.items), page.cursor)

    def fetch(self, path: str, generation: int, file: Path) -> None:
        """Fetch, and note it."""
        self.fetched.append(path)
        self.bucket.fetch(path, generation, file)
        self.on_fetch(path, file)


def bring(older: Any, crank: Crank, **more: Any) -> Report:
    """Migrate everything to the studio's owner."""
    owners = more.pop("owners", {"anna": "me"})
    source = Source(older, "s3://older/", more.pop("prefix", ""), "--endpoint http://x")
    return migrate(crank.studio, source, owners, **more)


def away(*_: Any) -> None:
    """Be a source that cannot be reached."""
    raise Unavailable("the source cannot be reached")


def cut(_: Any, file: Path) -> None:
    """Cut a file short, as a full disk or a broken connection does."""
    file.write_bytes(file.read_bytes()[:-9])


def jobs(crank: Crank, owner: str = OWNER) -> dict[str, Any]:
    """Return the cards of an owner's works, by the id of the job that they were."""
    return {job["title"]: job for job in views.jobs(crank.studio, owner)}
