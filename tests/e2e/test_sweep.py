"""``sweep`` as a person and a script use it: on real media, beside a studio that has stopped."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from lib.settings import Settings
from lib.wiring.local import open_local
from tests.e2e.test_cli import Ran, run

BRAND = "kitchen-proof"
FOREIGN = "me/kitchen-proof/posts/notes.txt"


def made_by_us(data: Path) -> str:
    """Put a raw file and a final of a work that is gone, older than any grace."""
    local = open_local(Settings(data=data), clock=Yesterday())
    try:
        some = next(i for i in local.objects.list("me/kitchen-proof/posts/").items)
        for category in ("raw", "posts"):
            file = data / "scratch" / "copy"
            file.write_bytes((data / "bucket" / some.path).read_bytes())
            path = f"me/{BRAND}/{category}/gone_{some.metadata['slot']}-{'0' * 10}.jpg"
            told = {**some.metadata, "work": "gone"}
            local.objects.put_once(path, file, media_type="image/jpeg", metadata=told)
        return path
    finally:
        local.close()


class Yesterday:
    """A clock that is a day late, so that what is put now is a day old."""

    def now(self) -> float:
        return time.time() - 86_400


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one post, and leave beside it what belongs to nobody."""
    folder = tmp_path_factory.mktemp("sweep") / "data"
    done = run("burst", "--brands", BRAND, "--posts", "1", "--reels", "0", "--wait", data=folder)
    assert done.code == 0, done.err
    (folder / "bucket" / FOREIGN).write_text("mine")
    return folder


def in_bucket(data: Path) -> dict[str, int]:
    bucket = data / "bucket"
    return {
        str(file.relative_to(bucket)): file.stat().st_size
        for file in bucket.rglob("*")
        if file.is_file() and not file.relative_to(bucket).parts[0].startswith(".")
    }


def acts(done: Ran) -> dict[str, Any]:
    return {one["object"]: one["act"] for one in done.json["proofs"]}


def test_a_sweep_says_then_does_then_gives_back(data: Path) -> None:
    orphan = made_by_us(data)
    raw = orphan.replace("/posts/", "/raw/")
    before = in_bucket(data)
    dry = run("sweep", "--dry-run", "--json", data=data)
    assert dry.code == 0, dry.err
    assert acts(dry) == {orphan: "quarantine", raw: "delete"}
    assert in_bucket(data) == before
    assert sum(total["bytes"] for total in dry.json["totals"].values()) == sum(before.values())
    assert {one["object"] for one in dry.json["refused"]} == {FOREIGN}
    assert dry.json["dollars_a_month"]["in_a_year"] > dry.json["dollars_a_month"]["now"] > 0

    done = run("sweep", "--json", data=data)
    assert done.code == 0, done.err
    assert acts(done) == acts(dry)
    assert raw not in in_bucket(data)
    assert orphan not in in_bucket(data)
    assert run("verify", "--json", data=data).json["lies"] == 0

    back = run("sweep", "--restore", orphan, "--json", data=data)
    assert back.code == 0, back.err
    assert back.json["restored"] == orphan
    assert in_bucket(data)[orphan] == before[orphan]
    again = run("sweep", "--json", data=data)
    assert acts(again) == {}
    assert {one["object"] for one in again.json["refused"]} == {FOREIGN, orphan}


def test_people_read_a_table_and_reasons(data: Path) -> None:
    told = run("sweep", "--dry-run", data=data)
    assert told.code == 0, told.err
    assert "final" in told.out
    assert "for ever" in told.out
    assert f"{FOREIGN}: its name is none of ours" in told.out
    assert "a month now" in told.out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--restore", "nothing"), "write OWNER/BRAND/CATEGORY/FILE"),
        (("--restore", f"me/x/posts/a_b-{'0' * 10}.jpg"), "nothing in quarantine"),
    ],
)
def test_what_cannot_be_restored_is_said_in_one_line(
    data: Path, words: tuple[str, ...], hint: str
) -> None:
    done = run("sweep", *words, data=data)
    assert done.code == 2
    assert hint in done.err


def test_an_error_is_json_for_scripts(data: Path) -> None:
    done = run("sweep", "--restore", f"me/x/posts/a_b-{'0' * 10}.jpg", "--json", data=data)
    assert done.code == 2
    assert json.loads(done.out)["error"] == "not_found"
