"""Looking for changes made by hand, a slice at a time: the cost of a look is bounded."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lib.adapters.clock import ManualClock
from lib.adapters.local import mirror
from lib.adapters.local.database import Database
from lib.adapters.local.objects import LocalObjects
from lib.core.errors import Unavailable

FILES = 25


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalObjects]:
    monkeypatch.setattr(mirror, "SCAN_PAGE", 4)
    with closing(Database(tmp_path / "studio.db")) as database:
        for number in range(FILES):
            file = tmp_path / "media" / f"folder {number % 3}" / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(str(number))
        objects = LocalObjects(tmp_path / "media", database, ManualClock())
        objects.scan()
        yield objects


def a_round(bucket: LocalObjects) -> mirror.Scan:
    """Go on with the shortest slices until as many files were seen as there are."""
    total = mirror.Scan()
    while total.seen < FILES - 1:
        one = bucket.scan_on(0.0)
        assert one.seen <= 4
        for name in ("seen", "adopted", "changed", "gone"):
            setattr(total, name, getattr(total, name) + getattr(one, name))
    return total


def test_slices_find_what_one_look_at_everything_finds(
    bucket: LocalObjects, tmp_path: Path
) -> None:
    folder = tmp_path / "media" / "folder 1"
    (folder / "1.txt").unlink()
    (folder / "4.txt").write_text("another")
    (folder / "fresh.txt").write_text("new")
    found = a_round(bucket)
    assert (found.adopted, found.changed, found.gone) == (1, 1, 1)
    again = a_round(bucket)
    assert (again.adopted, again.changed, again.gone) == (0, 0, 0)
    assert bucket.stat("folder 1/1.txt") is None


def test_a_slice_with_time_enough_is_a_whole_round(bucket: LocalObjects) -> None:
    assert bucket.scan_on(60.0).seen == FILES
    begun = time.monotonic()
    assert bucket.scan_on(0.0).seen == 4
    assert time.monotonic() - begun < 5


def test_what_was_put_since_a_folder_was_listed_is_not_taken_for_gone(
    bucket: LocalObjects, tmp_path: Path
) -> None:
    bucket.scan_on(0.0)
    (tmp_path / "one").write_text("one")
    bucket.put_once("folder 0/zzz.txt", tmp_path / "one", media_type="text/plain", metadata={})
    for _ in range(FILES):
        assert bucket.scan_on(0.0).gone == 0
    assert bucket.stat("folder 0/zzz.txt") is not None


def test_a_round_that_could_not_look_begins_anew_and_calls_nothing_gone(
    bucket: LocalObjects, tmp_path: Path
) -> None:
    bucket.scan_on(0.0)
    aside = tmp_path / "aside"
    (tmp_path / "media").rename(aside)
    with pytest.raises(Unavailable):
        bucket.scan_on(60.0)
    aside.rename(tmp_path / "media")
    assert bucket.scan_on(60.0).seen == FILES
    assert bucket.scan_on(60.0).gone == 0
