"""Migrate with real processes, real media and a bucket that speaks S3: killed, spoilt, repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lib.media.runner.binaries import find
from lib.settings import ROOT
from tests.e2e.test_cli import Ran, until
from tests.stand_ins.middleman import Middleman, first
from tests.stand_ins.moto_s3 import MotoS3, new_s3_bucket

USER, BRAND = "abc-123", "healthycollege"
REELS = 15


@dataclass
class Older:
    """A bucket of an older studio."""

    client: Any
    name: str
    url: str

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def listing(self) -> list[tuple[str, str, Any]]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [
            (one["Key"], one["ETag"], one["LastModified"])
            for page in pages
            for one in page.get("Contents", ())
        ]


def command(older: Older, *words: str, data: Path) -> list[str]:
    where = ["--from", f"s3://{older.name}", "--endpoint", older.url, "--data", str(data)]
    return [sys.executable, "-m", "lib.cli", "migrate", *where, *words]


def environment() -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return {**os.environ, **keys, "AWS_REGION": "us-east-1", "BRANDCAST_OWNER": USER}


def run(words: list[str]) -> Ran:
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def migrate(older: Older, *words: str, data: Path) -> Ran:
    return run(command(older, *words, "--json", data=data))


def ask(*words: str, data: Path) -> Ran:
    return run([sys.executable, "-m", "lib.cli", *words, "--json", "--data", str(data)])


def phases(data: Path) -> Counter[str]:
    return Counter(job["phase"] for job in ask("jobs", data=data).json)


@pytest.fixture(scope="module")
def moto() -> Iterator[MotoS3]:
    with MotoS3() as server:
        yield server


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Make real files: three pictures and a film for each of ``REELS`` reels."""
    folder = tmp_path_factory.mktemp("media")
    made: dict[str, bytes] = {}
    for number in range(1, REELS + 1):
        job = f"gen-{number:03d}_{BRAND}"
        for where in ("thumbnails/{}_thumbnail", "reels/{}_reel", "thumbnails/{}_yt_thumbnail"):
            file = folder / "picture.png"
            noise = Image.effect_noise((270, 480), 20 + number).convert("RGB")
            noise.save(file)
            made[f"{USER}/{BRAND}/{where.format(job)}.png"] = file.read_bytes()
        made[f"{USER}/{BRAND}/videos/{job}_video.mp4"] = film(folder / "film.mp4", number)
    return made


def film(file: Path, number: int) -> bytes:
    source = f"testsrc=size=108x192:rate=30:duration=1.{number:02d}"
    tone = f"sine=frequency={200 + number}:duration=1"
    inputs = ["-f", "lavfi", "-i", source, "-f", "lavfi", "-i", tone]
    coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart"]
    words = [str(find().ffmpeg), "-v", "error", "-y", *inputs, *coded, str(file)]
    subprocess.run(words, check=True)
    return file.read_bytes()


@contextmanager
def bucket(moto: MotoS3, files: dict[str, bytes]) -> Iterator[Older]:
    with new_s3_bucket(moto) as (client, name):
        older = Older(client, name, moto.url)
        for key, data in files.items():
            older.put(key, data)
        yield older


@pytest.fixture
def older(moto: MotoS3, media: dict[str, bytes]) -> Iterator[Older]:
    with bucket(moto, media) as made:
        yield made


@pytest.fixture
def few(moto: MotoS3, media: dict[str, bytes]) -> Iterator[Older]:
    """A bucket with the first two reels only."""
    with bucket(moto, {k: v for k, v in media.items() if "gen-001" in k or "gen-002" in k}) as made:
        yield made


def stored(data: Path) -> list[Path]:
    return [file for file in (data / "bucket").rglob("*") if file.is_file()]


def test_killed_in_the_middle_and_started_again_everything_is_there_exactly_once(
    older: Older, media: dict[str, bytes], tmp_path: Path
) -> None:
    data, before = tmp_path / "data", older.listing()
    for least in (7, 22, 37):
        process = subprocess.Popen(
            command(older, data=data),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while len(stored(data)) < least and time.monotonic() < deadline:
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert len(stored(data)) < len(media)
    done = migrate(older, data=data)
    assert done.code == 0, done.out + done.err
    report = done.json
    assert report["copied"] + report["already_here"] == report["files"] == 4 * REELS
    assert report["already_here"] >= 35
    assert Counter(f.read_bytes() for f in stored(data)) == Counter(media.values())
    assert phases(data) == {"ready": REELS}
    verified = ask("verify", data=data).json
    assert (verified["works"], verified["objects"], verified["lies"]) == (REELS, 4 * REELS, 0)
    again = migrate(older, data=data)
    assert (again.code, again.json["changes"], again.json["problems"]) == (0, 0, 0)
    assert older.listing() == before


def test_damaged_files_and_orphans_are_named_and_stay_where_they_are(
    few: Older, tmp_path: Path
) -> None:
    data, place = tmp_path / "data", f"{USER}/{BRAND}"
    whole = few.client.get_object(Bucket=few.name, Key=f"{place}/videos/gen-001_{BRAND}_video.mp4")[
        "Body"
    ].read()
    few.put(f"{place}/videos/gen-001_{BRAND}_video.mp4", whole[: len(whole) // 2])
    few.put(f"{place}/reels/gen-002_{BRAND}_reel.png", b"")
    few.put(f"{place}/posts/notes.txt", b"text")
    few.put(f"{place}/posts/.emptyFolderPlaceholder", b"")
    few.put(f"{place}/clips/", b"")
    before = few.listing()
    done = migrate(few, data=data)
    assert done.code == 1
    bad = {entry["object"].rpartition("/")[2] for entry in done.json["damaged"]}
    assert bad == {f"gen-001_{BRAND}_video.mp4", f"gen-002_{BRAND}_reel.png"}
    (orphan,) = done.json["orphans"]
    assert orphan["object"] == f"s3://{few.name}/{place}/posts/notes.txt"
    assert phases(data) == {"partial": 2}
    assert few.listing() == before
    said = run(command(few, data=data))
    assert said.code == 1
    assert f"✗ s3://{few.name}/{place}/posts/notes.txt: its ending is none of" in said.out
    few.put(f"{place}/videos/gen-001_{BRAND}_video.mp4", whole)
    assert migrate(few, data=data).json["works_updated"] == 1
    assert phases(data) == {"ready": 1, "partial": 1}


def test_a_dry_run_reads_listings_and_writes_nothing(
    few: Older, moto: MotoS3, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    assert migrate(few, data=data).code == 0
    few.put(f"{USER}/{BRAND}/posts/gen-9_background.png", b"some bytes")
    before = stored(data), ask("jobs", data=data).json
    with Middleman(moto.port) as between:
        through = Older(few.client, few.name, between.url)
        done = migrate(through, "--dry-run", data=data)
        asked = {(m, "list-type" in t) for m, t, _ in between.requests}
    assert asked == {("GET", True), ("HEAD", False)}
    told = done.json
    assert (told["copied"], told["copied_bytes"], told["works_adopted"]) == (1, 10, 1)
    assert (stored(data), ask("jobs", data=data).json) == before


def test_a_byte_that_flips_on_the_way_never_arrives(
    few: Older, moto: MotoS3, media: dict[str, bytes], tmp_path: Path
) -> None:
    data = tmp_path / "data"

    def flip(method: str, target: str, body: bytes) -> bytes:
        spoils = method == "GET" and "_video.mp4" in target and (always or once(method, target))
        return body[:-1] + bytes([body[-1] ^ 1]) if spoils else body

    with Middleman(moto.port) as between:
        through = Older(few.client, few.name, between.url)
        always, once, between.spoil = True, first(lambda method, target: True), flip
        refused = migrate(through, data=data)
        assert refused.code == 1
        assert len(refused.json["failed"]) == 2
        assert "damaged on its way" in refused.json["failed"][0]["why"]
        assert phases(data) == {}
        always = False
        assert migrate(through, data=data).code == 0
    assert {file.read_bytes() for file in stored(data)} <= set(media.values())
    assert phases(data) == {"ready": 2}


def test_a_running_studio_shows_what_came_and_says_what_a_hand_took_away(
    few: Older, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    words = [sys.executable, "-m", "lib.cli", "up", "--no-demo", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*words, "--data", str(data)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert json.loads(process.stdout.readline())["event"] == "started"
        assert migrate(few, data=data).code == 0
        assert phases(data) == {"ready": 2}
        taken = next(file for file in stored(data) if "_video-" in file.name)
        taken.unlink()
        assert until(lambda: phases(data) == {"ready": 1, "partial": 1})
        (card,) = ask("jobs", "--failed", data=data).json
        again = f"./brandcast migrate --from s3://{few.name}/ --endpoint {few.url} brings it"
        assert again in card["reasons"][0]
        assert migrate(few, data=data).json["copied"] == 1
        assert phases(data) == {"ready": 2}
        assert ask("verify", data=data).json["lies"] == 0
    finally:
        process.terminate()
        process.communicate(timeout=20)


def test_what_cannot_be_done_is_one_plain_sentence_and_code_two(few: Older, tmp_path: Path) -> None:
    data = tmp_path / "data"
    nowhere = Older(few.client, "no-such-bucket", few.url)
    for older, words, sentence in (
        (nowhere, (), "there is no such bucket"),
        (few, ("--owner-map", "nobody=me"), "has no user 'nobody'"),
        (few, ("--owner-map", "nobody"), "is not OLD=NEW"),
        (few, ("--endpoint", "nonsense"), "no client for S3"),
    ):
        done = run(command(older, *words, data=data))
        assert done.code == 2
        assert sentence in done.err
        assert "Traceback" not in done.err
    wrong = run([sys.executable, "-m", "lib.cli", "migrate", "--from", "gs://x"])
    assert (wrong.code, "write s3://BUCKET" in wrong.err) == (2, True)


def test_the_older_bucket_is_read_with_keys_that_may_do_nothing_else(
    few: Older, moto: MotoS3, tmp_path: Path
) -> None:
    with Middleman(moto.port) as between:
        between.answer = lambda method, target: None if method in ("GET", "HEAD") else 403
        done = migrate(Older(few.client, few.name, between.url), data=tmp_path / "data")
        assert done.code == 0, done.err
        assert {method for method, _, _ in between.requests} == {"GET", "HEAD"}
