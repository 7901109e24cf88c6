"""The command line as a script uses it: real processes, real media, stable JSON, honest codes."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lib.settings import ROOT
from tests.waiting import until

BRAND = "kitchen-proof"


@dataclass
class Ran:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        lines = self.out.strip().splitlines()
        assert len(lines) == 1, self.out + self.err
        return json.loads(lines[0])


def run(*words: str, data: Path) -> Ran:
    command = [sys.executable, "-m", "lib.cli", *words, "--data", str(data)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one post with no studio running, and return the data folder."""
    data = tmp_path_factory.mktemp("cli") / "data"
    done = run(
        "burst", "--brands", BRAND, "--posts", "1", "--reels", "0", "--wait", "--json", data=data
    )
    assert done.code == 0, done.err
    told = done.json
    assert {"burst_id", "jobs_total", "ready", "failed", "elapsed_s"} <= set(told)
    assert (told["jobs_total"], told["ready"], told["failed"]) == (1, 1, 0)
    return data


@dataclass
class Up:
    data: Path
    url: str
    process: subprocess.Popen[str]

    def ask(self, path: str, headers: dict[str, str] | None = None, body: Any = None) -> int:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=data, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@pytest.fixture
def up(made: Path) -> Iterator[Up]:
    """Run the studio on the made content."""
    command = [sys.executable, "-m", "lib.cli", "up", "--no-demo", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--data", str(made)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    yield Up(made, started["url"], process)
    process.terminate()
    process.communicate(timeout=20)


def picture(data: Path) -> Path:
    return next((data / "bucket").rglob("posts/*.jpg"))


def test_verify_decodes_what_is_ready_and_finds_no_lie(made: Path) -> None:
    done = run("verify", "--json", data=made)
    assert done.code == 0
    assert done.json["lies"] == 0
    assert done.json["works"] == 2
    assert done.json["objects"] >= 4


def test_jobs_is_a_list_and_a_job_shows_its_proof(made: Path) -> None:
    jobs = run("jobs", "--json", data=made).json
    assert [job["phase"] for job in jobs] == ["ready"]
    job = run("job", jobs[0]["id"], "--json", data=made)
    assert job.code == 0
    finals = [a for a in job.json["artifacts"] if a["role"] == "final"]
    assert all(a["state"] == "verified" and a["proof"]["crc32c"] for a in finals)
    failed = run("jobs", "--failed", "--json", data=made)
    assert (failed.code, failed.json) == (0, [])


def test_doctor_and_brands_check_find_nothing_wrong(made: Path) -> None:
    doctor = run("doctor", "--json", data=made)
    assert doctor.code == 0, doctor.out
    assert all(one["state"] in ("ok", "warning") for one in doctor.json)
    brands = run("brands", "check", "--json", data=made)
    assert brands.code == 0
    assert [one["problems"] for one in brands.json] == [[]] * 5


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("job", "nothing"), "there is no work 'nothing'"),
        (("job", "nothing", "--retry", "stills"), "there is no work 'nothing'"),
        (("burst", "--brands", "nobody"), "there is no brand 'nobody'"),
        (("burst", "--brands", BRAND, "--posts", "0", "--reels", "0"), "a burst of nothing"),
        (("verify", "nothing"), "there is no work 'nothing'"),
        (("bench", "nothing"), "there is no bench 'nothing'"),
    ],
)
def test_what_cannot_be_done_is_one_plain_sentence_and_code_two(
    made: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = run(*words, data=made)
    assert done.code == 2
    assert sentence in done.err
    assert "Traceback" not in done.err


def test_wrong_words_are_refused_by_the_parser_with_code_two(made: Path) -> None:
    for words in (("burst", "--posts", "many"), ("up", "--port", "x"), ("fly",)):
        done = run(*words, data=made)
        assert done.code == 2
        assert "Traceback" not in done.err


def test_a_lie_is_caught_with_no_studio_running_and_reconcile_mends_the_record(made: Path) -> None:
    file = picture(made)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    caught = run("verify", "--json", data=made)
    assert caught.code == 1
    assert caught.json["lies"] == 1
    dry = run("reconcile", "--dry-run", "--json", data=made)
    assert dry.code == 1
    assert dry.json["corrections"][0]["action"] == "would correct"
    file.write_bytes(whole)
    again = run("verify", "--json", data=made)
    assert (again.code, again.json["lies"]) == (0, 0)


def test_a_running_studio_mends_what_a_hand_deleted(up: Up) -> None:
    file = picture(up.data)
    file.unlink()
    assert until(file.exists)
    assert until(lambda: run("jobs", "--json", data=up.data).json[0]["phase"] == "ready")
    assert run("verify", "--json", data=up.data).code == 0


def test_commands_reach_a_running_studio(up: Up) -> None:
    made = run(
        "burst", "--brands", BRAND, "--posts", "1", "--reels", "0", "--wait", "--json", data=up.data
    )
    assert made.code == 0, made.err
    assert made.json["ready"] == 1
    assert run("watch", "--once", "--json", data=up.data).json["schema"] == "observatory.status/1"


def test_a_second_studio_on_the_same_data_is_refused_by_the_pid_of_the_first(up: Up) -> None:
    second = run("up", "--no-demo", "--port", "0", data=up.data)
    assert second.code == 2
    assert str(up.process.pid) in second.err
    fresh = run("up", "--fresh", "--no-demo", "--port", "0", data=up.data)
    assert fresh.code == 2
    assert "stop it first" in fresh.err


def test_a_foreign_page_cannot_drive_the_studio(up: Up) -> None:
    assert up.ask("/api/v1/status") == 200
    assert up.ask("/api/v1/status", {"Host": "evil.example"}) == 403
    body = {"kind": "test", "brands": ["nobody"]}
    assert up.ask("/api/v1/bursts", {"Origin": "http://evil.example"}, body) == 403
    assert up.ask("/api/v1/bursts", {"Origin": up.url}, body) == 400
    assert up.ask("/media/me/x.jpg") in (403, 404)


def test_a_signed_link_opens_one_object_and_a_changed_one_opens_nothing(up: Up) -> None:
    job = run("jobs", "--json", data=up.data).json[0]["id"]
    artifacts = run("job", job, "--json", data=up.data).json["artifacts"]
    link = next(a["url"] for a in artifacts if a["state"] == "verified")
    path = link[link.index("/media/") :]
    assert up.ask(path) == 200
    assert up.ask(path, {"Range": "bytes=0-9"}) == 206
    assert up.ask(path.replace("signature=", "signature=0")) == 403
    assert up.ask(path.replace("expires=", "expires=9")) == 403


def test_fresh_puts_the_old_data_aside_and_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "keep.txt").write_text("mine")
    done = run("up", "--fresh", "--no-demo", "--once", "--port", "0", "--json", data=data)
    assert done.code == 0, done.err
    aside = [folder for folder in tmp_path.iterdir() if folder.name.startswith("data-")]
    assert [(folder / "keep.txt").read_text() for folder in aside] == ["mine"]
