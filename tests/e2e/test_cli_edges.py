"""The command line at its edges: taken ports, odd words, broken kits, stops in the middle."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lib.adapters.local.signing import Signer
from lib.cli.parser import parse
from lib.settings import ROOT
from tests.e2e.processes import children, gone_within, runs
from tests.e2e.test_cli import BRAND, Ran, Up, run

#: Seconds within which a studio that is told to stop has stopped, whatever it renders.
STOP_S = 5.0


@pytest.fixture(scope="module")
def idle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """Run a studio that has nothing to do."""
    data = tmp_path_factory.mktemp("idle") / "data"
    process = begin("up", "--no-demo", "--port", "0", "--json", data=data)
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    assert started["data"] == str(data)
    yield Up(data, started["url"], process)
    process.terminate()
    process.communicate(timeout=20)


def begin(*words: str, data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "lib.cli", *words, "--data", str(data)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background may have been told to ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )


def is_refused(done: Ran, sentence: str) -> None:
    """Hold an answer against the manners: one sentence, one hint, one document, code 2."""
    assert done.code == 2, done.out + done.err
    told, hint = done.err.splitlines()
    assert told.startswith("brandcast: ")
    assert sentence in told
    assert hint.startswith("  ")
    assert done.json["title"] in told
    assert done.json["hint"] == hint.strip()


def test_a_port_that_is_taken_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("up", "--no-demo", "--port", port, "--json", data=tmp_path / "data")
    is_refused(done, f"port {port}")
    assert "--port 0" in done.json["hint"]


def test_a_second_studio_hears_of_the_first_even_when_it_wants_the_same_port(idle: Up) -> None:
    port = str(urlsplit(idle.url).port)
    is_refused(
        run("up", "--no-demo", "--port", port, "--json", data=idle.data), str(idle.process.pid)
    )


@pytest.mark.parametrize("words", [("jobs",), ("doctor",), ("verify",), ("up", "--no-demo")])
def test_a_file_in_the_place_of_the_data_folder_is_refused(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    is_refused(run(*words, "--json", data=file), "is no folder")
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "value"),
    [("BRANDCAST_PROT", "1"), ("BRANDCAST_PORT", "many"), ("BRANDCAST_MODE", "moon")],
)
def test_a_bad_variable_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    is_refused(run("jobs", "--json", data=tmp_path / "data"), name)


def test_a_database_that_is_none_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "studio.db").write_bytes(b"not a database " * 400)
    is_refused(run("jobs", "--json", data=tmp_path), "studio.db")
    assert (tmp_path / "studio.db").read_bytes().startswith(b"not a database")


@pytest.mark.parametrize("word", ["a b", "é", "x?limit=1", "100%", "x#y"])
def test_an_odd_id_is_merely_unknown_to_a_running_studio(idle: Up, word: str) -> None:
    done = run("job", word, data=idle.data)
    assert done.code == 2
    assert done.err.startswith(f"brandcast: there is no work '{word}'")


@pytest.mark.parametrize("words", [("job", ""), ("job", "a/b"), ("verify", "../x")])
def test_an_id_that_can_be_none_is_refused_by_the_parser(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = run(*words, data=tmp_path / "data")
    assert done.code == 2
    assert "is no id" in done.err


def test_a_reader_that_leaves_early_hears_no_traceback(idle: Up) -> None:
    process = begin("doctor", data=idle.data)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(20) == 2
    assert process.stderr is not None
    with process.stderr as said:
        assert said.read() == ""


def test_a_burst_without_a_studio_waits_for_one_and_says_so(tmp_path: Path) -> None:
    words = ("burst", "--brands", BRAND, "--posts", "1", "--reels", "0")
    told = run(*words, data=tmp_path)
    assert told.code == 0
    assert "No studio is running here" in told.out
    again = run(*words, "--json", data=tmp_path)
    assert set(again.json) == {"burst_id", "phase"}
    status = run("watch", "--once", "--json", data=tmp_path)
    assert (status.code, status.json["today"]["ready"]) == (0, 0)


def test_a_burst_with_a_studio_is_handed_to_it_and_a_refusal_comes_back(idle: Up) -> None:
    refused = run("burst", "--brands", "nobody", "--json", data=idle.data)
    is_refused(refused, "there is no brand 'nobody'")
    assert run("jobs", "--json", data=idle.data).json == []


def test_doctor_sees_the_running_studio(idle: Up) -> None:
    found = {one["check"]: one for one in run("doctor", "--json", data=idle.data).json}
    assert set(found["running"]) == {"check", "state", "finding", "fix"}
    assert str(idle.process.pid) in found["running"]["finding"]
    assert {"python", "ffmpeg", "fonts", "disk", "brands", "queue"} <= set(found)


def test_no_kit_at_all_is_not_called_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRANDCAST_ASSETS", str(tmp_path / "none"))
    is_refused(run("brands", "check", "--json", data=tmp_path / "data"), "no brand kit")


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "me@127.0.0.1", "[::1", ""]
)
def test_another_host_name_opens_nothing(idle: Up, host: str) -> None:
    assert idle.ask("/api/v1/status", {"Host": host}) == 403


@pytest.mark.parametrize("origin", ["null", "http://127.0.0.1:1", "https://evil.example"])
def test_a_page_from_elsewhere_may_change_nothing(idle: Up, origin: str) -> None:
    assert idle.ask("/api/v1/bursts", {"Origin": origin}, {"brands": [BRAND]}) == 403
    assert idle.ask("/api/v1/jobs/x/retry", {"Origin": origin}, {"step": "stills"}) == 403
    assert run("jobs", "--json", data=idle.data).json == []


@pytest.mark.parametrize(
    "path", ["/media/../studio.db", "/media/%2e%2e/url.key", "/media//etc/hosts", "/media/"]
)
def test_media_serves_nothing_that_was_not_signed(idle: Up, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(idle.url).netloc, timeout=20)
    connection.request("GET", path)  # sent as it is written, with its dots
    assert connection.getresponse().status in (403, 404)
    connection.close()


@pytest.mark.parametrize(("left_s", "words"), [(-1, b"expired"), (60, b"changed")])
def test_a_link_ends_with_its_time_and_with_its_object(
    idle: Up, left_s: float, words: bytes
) -> None:
    link = Signer(idle.data / "url.key", "").url("me/x/gone.jpg", 7, time.time() + left_s)
    connection = http.client.HTTPConnection(urlsplit(idle.url).netloc, timeout=20)
    connection.request("GET", link)
    answer = connection.getresponse()
    assert answer.status == 403
    assert words in answer.read()
    connection.close()


@pytest.fixture
def hurt(tmp_path: Path) -> Path:
    """Return a data folder whose own kit has a logo that says it is a PNG and ends there."""
    kit = tmp_path / "data" / "brands" / BRAND
    shutil.copytree(ROOT / "assets" / "brands" / BRAND, kit)
    (kit / "logo.png").write_bytes((kit / "logo.png").read_bytes()[:200])
    return tmp_path / "data"


def test_what_fails_is_told_everywhere_and_made_by_a_retry_once_it_is_mended(hurt: Path) -> None:
    words = ("burst", "--brands", BRAND, "--posts", "1", "--reels", "0", "--wait", "--json")
    done = run(*words, data=hurt)
    assert (done.code, done.json["ready"], done.json["failed"]) == (1, 0, 1)
    failed = run("jobs", "--failed", "--json", data=hurt)
    assert failed.code == 1
    (job,) = failed.json
    shown = run("job", job["id"], "--json", data=hurt)
    assert (shown.code, shown.json["phase"]) == (1, "failed")
    broken = [step["key"] for step in shown.json["steps"] if step["can_retry"]]
    assert broken == ["stills"]
    wrong = run("job", job["id"], "--retry", "paint", "--json", data=hurt)
    is_refused(wrong, "paint")
    assert "stills" in wrong.json["hint"]
    assert run("watch", "--once", "--json", data=hurt).code == 1
    assert run("verify", "--json", data=hurt).json["lies"] == 0

    shutil.rmtree(hurt / "brands")
    assert run("job", job["id"], "--retry", "stills", data=hurt).code == 0
    up = run("up", "--no-demo", "--once", "--port", "0", data=hurt)
    assert up.code == 0, up.out + up.err
    assert run("job", job["id"], "--json", data=hurt).json["phase"] == "ready"
    assert run("jobs", "--failed", "--json", data=hurt).code == 0


def test_a_broken_kit_is_named_by_brands_check_and_by_doctor(hurt: Path) -> None:
    toml = hurt / "brands" / BRAND / "brand.toml"
    toml.write_text(toml.read_text().replace("tone = ", "mood = "))
    check = run("brands", "check", "--json", data=hurt)
    assert check.code == 1
    problems = {one["brand"]: one["problems"] for one in check.json}
    assert any("mood" in problem for problem in problems[BRAND])
    doctor = run("doctor", "--json", data=hurt)
    assert doctor.code == 1
    assert [one["check"] for one in doctor.json if one["state"] == "problem"] == ["brands"]
    is_refused(run("burst", "--brands", BRAND, "--json", data=hurt), BRAND)


def rendering(pids: set[int]) -> bool:
    """Tell whether a tool is at work in one of these processes."""
    return bool(runs(pids))


@pytest.mark.parametrize(
    ("wait", "number"), [(False, signal.SIGTERM), (False, signal.SIGINT), (True, signal.SIGINT)]
)
def test_a_studio_that_is_stopped_in_a_render_ends_at_once_and_quietly(
    tmp_path: Path, wait: bool, number: signal.Signals
) -> None:
    burst = ("burst", "--brands", BRAND, "--posts", "0", "--reels", "1")
    if wait:
        process = begin(*burst, "--wait", data=tmp_path)
    else:
        assert run(*burst, data=tmp_path).code == 0
        process = begin("up", "--no-demo", "--port", "0", data=tmp_path)
    deadline = time.monotonic() + 20
    working: set[int] = set()
    while not rendering(working) and time.monotonic() < deadline:
        time.sleep(0.02)
        working = children(process.pid)
    assert rendering(working), "no render was seen"
    begun = time.monotonic()
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - begun < STOP_S
    assert process.returncode == (2 if wait else 0)
    assert errors == ("Stopped. Nothing is lost: ./brandcast up goes on.\n" if wait else "")
    assert gone_within(working, STOP_S) == set()


def test_test_hands_the_words_it_does_not_know_to_pytest(tmp_path: Path) -> None:
    assert parse(["test", "-k", "wave", "tests/core", "-x"]).pytest == [
        "-k",
        "wave",
        "tests/core",
        "-x",
    ]
    refused = run("jobs", "--wave", data=tmp_path)
    assert refused.code == 2
    assert "--wave" in refused.err
