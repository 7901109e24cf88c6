"""Hostile files at every place where files enter: the bucket, kits, and what tools need.

Each is refused in words, or only its pixels come through; memory and time are bounded, and a
neighbour's secret is in nothing that is said or made.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lib.core.checks import faults
from lib.core.errors import ToolFailed
from lib.media.probe import probe
from lib.media.probe.pictures import measure
from lib.media.room import Room
from lib.settings import ROOT
from tests.media import bad_media
from tests.media.conftest import ASSETS
from tests.media.hostile import films, stills

#: Most memory of a process, MB, and most time for one file, seconds.
MOST_MB, MOST_S = 512, 20
CANARY = b"CANARY-1795236182"


def ask(wanted: list[tuple[str, Path, str]]) -> dict[str, Any]:
    """Have files measured in a process of its own."""
    told = json.dumps([(name, str(file), kind) for name, file, kind in wanted])
    done = subprocess.run(
        [sys.executable, "-m", "tests.media.hostile.meter"],
        input=told,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Measure every hostile film, each beside a neighbour that carries a secret."""
    folder = tmp_path_factory.mktemp("films")
    secret = folder / "secret.mp4"
    bad_media.GOOD_FILM.write(secret)
    secret.write_bytes(secret.read_bytes() + CANARY)
    wanted = []
    for number, (name, text) in enumerate(films.TEXTS.items()):
        file = folder / f"text-{number}.mp4"
        file.write_text(text.replace("{secret}", str(secret)))
        wanted.append((name, file, "video/mp4"))
    makes = films.FILMS | {name: make for name, (make, _) in films.LIARS.items()}
    for number, (name, make) in enumerate(makes.items()):
        file = folder / f"film-{number}.mp4"
        make(file)
        wanted.append((name, file, "video/mp4"))
    return ask(wanted)


@pytest.mark.parametrize("name", [*films.TEXTS, *films.FILMS])
def test_a_hostile_film_is_refused_in_words(measured: dict[str, Any], name: str) -> None:
    answer = measured["answers"][name]
    assert answer["found"].keys() == {"unreadable"}
    assert 3 < len(answer["found"]["unreadable"]) < 400
    assert answer["seconds"] < MOST_S


@pytest.mark.parametrize("name", films.LIARS)
def test_a_film_that_lies_is_found_out(measured: dict[str, Any], name: str) -> None:
    answer = measured["answers"][name]
    assert films.LIARS[name][1] in "; ".join(faults(bad_media.FILM, 10**6, answer["found"]))
    assert answer["seconds"] < MOST_S


def test_no_film_makes_us_hold_much_or_say_a_secret(measured: dict[str, Any]) -> None:
    assert measured["most_mb"] < MOST_MB
    assert CANARY.decode() not in json.dumps(measured)


@pytest.mark.parametrize("name", films.NAMES)
def test_a_name_is_only_a_name(tmp_path: Path, name: str) -> None:
    bad_media.GOOD_FILM.write(tmp_path / "good.mp4")
    file = (tmp_path / "good.mp4").rename(tmp_path / name.replace("/", "_"))
    assert faults(bad_media.FILM, file.stat().st_size, probe(file, "video/mp4")) == ()


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write every hostile picture into a folder of kits."""
    folder = tmp_path_factory.mktemp("kits")
    makes = {name: make for name, (make, _) in stills.REFUSED.items()} | stills.HARMLESS
    for name, make in makes.items():
        (folder / f"{name}.jpg").write_bytes(make())
    return folder


@pytest.fixture(scope="module")
def used(kit: Path) -> dict[str, Any]:
    """Use every hostile picture as a photo, as a logo and as what a tool needs."""
    return ask([(name, kit / f"{name}.jpg", "kit") for name in (*stills.REFUSED, *stills.HARMLESS)])


@pytest.mark.parametrize("name", stills.REFUSED)
def test_a_hostile_picture_is_refused_wherever_it_enters(
    used: dict[str, Any], kit: Path, name: str
) -> None:
    words, answer = stills.REFUSED[name][1], used["answers"][name]
    for where in ("photo", "logo", "need"):
        assert re.search(words, answer["found"][where], re.IGNORECASE), (
            where,
            answer["found"][where],
        )
    for where in ("photo", "logo"):
        assert f"the {where} {name}.jpg cannot be used" in answer["found"][where]
    assert answer["seconds"] < MOST_S
    assert re.search(words, probe(kit / f"{name}.jpg", "image/jpeg")["unreadable"], re.IGNORECASE)


@pytest.mark.parametrize("name", stills.HARMLESS)
def test_of_what_is_opened_only_pixels_come_through(
    used: dict[str, Any], kit: Path, name: str
) -> None:
    assert used["answers"][name]["found"] == {"photo": "", "logo": "", "need": ""}
    for where in ("photo", "logo", "need"):
        made = kit / f"{name}.jpg.{where}.out"
        facts = measure(made)
        assert (facts["embedded"], facts["colour_mode"]) == ("nothing", "RGB")
        assert stills.SECRET not in made.read_bytes()


def test_no_picture_makes_us_hold_much(used: dict[str, Any]) -> None:
    assert used["most_mb"] < MOST_MB


def test_the_largest_picture_that_is_allowed_fits_into_that_memory(tmp_path: Path) -> None:
    """In print colours, with a profile, turned: what takes the most copies."""
    file = tmp_path / "large.jpg"
    picture = bad_media.painted("CMYK").resize((8000, 5000))
    how = {"exif": bad_media.exif(0x0112, 6), "icc_profile": bad_media.srgb_profile()}
    picture.save(file, "JPEG", quality=60, **how)
    answer = ask([("large", file, "kit")])
    assert answer["answers"]["large"]["found"] == {"photo": "", "logo": "", "need": ""}
    assert answer["most_mb"] < MOST_MB


def test_a_file_of_endless_bytes_is_not_even_opened(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    with file.open("wb") as stream:
        stream.truncate(10**12)
    assert "save it smaller" in probe(file, "image/png")["unreadable"]
    assert "too large" in probe(file, "application/json")["unreadable"]
    assert probe(file, "video/mp4")["unreadable"]


def test_a_kit_cannot_point_at_other_peoples_files(tmp_path: Path) -> None:
    (tmp_path / "kits" / "mine").mkdir(parents=True)
    (tmp_path / "secret.jpg").write_bytes(CANARY)
    (tmp_path / "kits" / "mine" / "photo.jpg").symlink_to(tmp_path / "secret.jpg")
    room = Room(ASSETS, (tmp_path / "kits",), tmp_path)
    for name in ("mine/photo.jpg", "../secret.jpg", str(tmp_path / "secret.jpg")):
        with pytest.raises(ToolFailed, match="in none of the folders"):
            room.kit_file(name)


def test_there_are_more_than_thirty_of_each_kind_of_harm() -> None:
    assert len(films.TEXTS) + len(films.FILMS) + len(films.LIARS) + len(films.NAMES) >= 30
    assert len(stills.REFUSED) + len(stills.HARMLESS) >= 30
