"""A disk that fills up while the studio works: nothing is lost, and it goes on when there is room."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lib.core.errors import StudioError
from tests.process.evidence import Evidence, unsound
from tests.process.group import Group
from tests.process.small_disk import MadeBelieve, RealDisk, SmallDisk, may_mount
from tests.waiting import until

#: Seconds for which the disk is full, and within which all is made when it is not any more.
FULL_S, GO_ON_S = 6.0, 60.0
#: The database's log has nothing in reserve, so that it feels the full disk as well.
NO_RESERVE = 4096
FINALS = ("posts", "videos", "thumbnails", "reels")


@pytest.fixture(params=["real", "real, and the database feels it", "made believe"])
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> SmallDisk:
    if request.param == "made believe":
        return MadeBelieve(tmp_path)
    if not may_mount():
        pytest.skip("this system lets nobody have a small disk; the one made believe is tested")
    return RealDisk(tmp_path, **({"reserve": NO_RESERVE} if "feels" in request.param else {}))


@pytest.fixture
def studio(disk: SmallDisk) -> Iterator[Group]:
    with disk.start() as group:
        assert group.serves()
        yield group


def ask(studio: Group, key: str) -> str:
    """Ask for a burst; return its id, or what was said against it."""
    brands = ["two-wheels", "night-sky"] if key == "first" else ["plain-money"]
    spec: dict[str, Any] = {"kind": "test", "brands": brands, "posts": 2, "reels": 2, "key": key}
    try:
        return str(studio.client.post("/bursts", spec)["id"])
    except StudioError as error:
        return str(error)


def words_of(studio: Group) -> str:
    """Return what the studio says to somebody who looks."""
    try:
        return " ".join(word for job in studio.client.get("/jobs") for word in job["reasons"])
    except StudioError as error:
        return str(error)


def told(words: list[str]) -> bool:
    """Tell whether somebody was told why nothing goes on."""
    return any("is full" in said for said in words)


def half_made(bucket: Path) -> list[str]:
    """Return the files under final names that are not whole."""
    files = [f for name in FINALS for f in bucket.glob(f"*/*/{name}/*") if f.is_file()]
    return [f"{file.name} {why}" for file in files if (why := unsound(file))]


def settled(studio: Group) -> bool:
    try:
        return not any(burst["active"] for burst in studio.client.get("/bursts"))
    except StudioError:
        return False


def test_a_full_disk_loses_nothing_and_is_over_when_there_is_room_again(
    disk: SmallDisk, studio: Group
) -> None:
    asked = [ask(studio, "first")]
    bucket = disk.folder() / "data" / "bucket"
    assert until(lambda: any(bucket.glob("*/*/raw/*")), 20)
    disk.fill()
    said, half = [], []
    deadline = time.monotonic() + FULL_S
    while time.monotonic() < deadline or (
        not told(said + asked) and time.monotonic() < deadline + GO_ON_S
    ):
        asked.append(ask(studio, f"more{len(asked)}"))
        said.append(words_of(studio))
        half += half_made(bucket)
        time.sleep(0.3)
    refused = [words for words in asked if not words.startswith("b-")]
    # Where the first burst was done in time, nothing waits: only who asks for more can be told.
    assert told(said + refused), (said, asked)
    assert all("is full" in words or "No space left" in words for words in refused), refused

    disk.free()
    assert until(lambda: settled(studio), GO_ON_S), words_of(studio)
    seen = Evidence(disk.folder() / "data")
    outcomes = Counter(a["outcome"] for _, a in seen.attempts())
    assert set(outcomes) <= {"ok", "away"}, outcomes  # neither a failed try nor an open one
    assert {r["summary"]["phase"] for r in seen.works.values()} == {"ready"}
    assert set(asked) - set(refused) <= set(seen.works)
    assert list(seen.lies(excused=set())) == []
    assert half + half_made(bucket) == []
    assert studio.process.poll() is None
