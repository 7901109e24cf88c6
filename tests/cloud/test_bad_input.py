"""What a person reads when the deployment is not as it should be: one line each, with the mend."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from lib.adapters.clock import SystemClock
from lib.adapters.local.dispatch import Limits
from lib.app.api import Call, handle
from lib.core.errors import Refused
from lib.settings import Settings
from lib.wiring.gcp import NEEDED, open_gcp
from tests.cloud.conftest import needed
from tests.contract.tasks_rig import ACCOUNT, PLACE, queue_of
from tests.stand_ins.fake_gcs import FakeGcs, client_of
from tests.stand_ins.firestore_between import FirestoreBetween
from tests.stand_ins.firestore_emulator import FirestoreEmulator
from tests.stand_ins.identity import Identity
from tests.stand_ins.process import free_port
from tests.stand_ins.tasks_double import TasksDouble

SPEC = {"kind": "test", "brands": ["night-sky"], "posts": 1, "reels": 0}


@pytest.fixture(scope="module")
def emulator() -> Iterator[FirestoreEmulator]:
    needed()
    with FirestoreEmulator() as running:
        yield running


@pytest.fixture(scope="module")
def gcs() -> Iterator[FakeGcs]:
    with FakeGcs() as running:
        client_of(running.url).create_bucket("media")
        yield running


@pytest.fixture
def records(emulator: FirestoreEmulator) -> Iterator[FirestoreBetween]:
    with FirestoreBetween(f"127.0.0.1:{emulator.port}") as between:
        yield between


@pytest.fixture
def right(
    tmp_path: Path, gcs: FakeGcs, records: FirestoreBetween, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Return settings with which everything works."""
    with (
        Identity(tmp_path / "key.json") as identity,
        TasksDouble(
            SystemClock(), [queue_of(name, Limits()) for name in ("desk", "render")]
        ) as tasks,
    ):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(identity.file))
        yield Settings(
            mode="gcp",
            data=tmp_path / "data",
            project=PLACE[0],
            region=PLACE[1],
            bucket="media",
            step_desk_url="http://127.0.0.1:9/",
            step_render_url="http://127.0.0.1:9/",
            tasks_account=ACCOUNT,
            patience_s=5,
            storage_endpoint=gcs.url,
            firestore_endpoint=records.address,
            tasks_endpoint=tasks.address,
        )


def asked(settings: Settings) -> tuple[int, dict[str, Any]]:
    """Start a burst and return what the API answers."""
    call = Call("POST", "/api/v1/bursts", {}, json.dumps(SPEC).encode(), "application/json")
    reply = handle(open_gcp(settings), "me", call)
    return reply.status, json.loads(reply.body)


def nowhere() -> str:
    return f"127.0.0.1:{free_port()}"


def test_what_is_right_starts_a_burst(right: Settings) -> None:
    assert asked(right)[0] == 202


@pytest.mark.parametrize(
    ("wrong", "status", "words", "mend"),
    [
        ({"bucket": "no-such"}, 400, "no bucket no-such in project contract", "name of the bucket"),
        ({"region": "us-east1"}, 400, "the queue desk in us-east1 is nowhere", "region"),
        ({"project": "other"}, 400, "the queue desk in europe-west1 is nowhere", "project"),
        ({"storage_endpoint": "nowhere"}, 503, "could not be reached", ""),
        ({"firestore_endpoint": "nowhere"}, 503, "could not be reached", ""),
    ],
)
def test_a_wrong_deployment_is_told_in_one_line_with_the_mend(
    right: Settings, wrong: dict[str, str], status: int, words: str, mend: str
) -> None:
    settings = replace(right, **wrong)
    if wrong.get("storage_endpoint"):
        settings = replace(settings, storage_endpoint=f"http://{nowhere()}")
    if wrong.get("firestore_endpoint"):
        settings = replace(settings, firestore_endpoint=nowhere())
    got, told = asked(settings)
    assert (got, words in told["title"]) == (status, True), told
    assert mend in told["hint"]
    assert "\n" not in told["title"]


def test_a_missing_right_names_the_place_that_names_the_role(
    right: Settings, records: FirestoreBetween
) -> None:
    records.answer = lambda: grpc.StatusCode.PERMISSION_DENIED
    status, told = asked(right)
    assert status == 400
    assert "is forbidden" in told["title"]
    assert "infra/README.md" in told["hint"]


@pytest.mark.parametrize("name", NEEDED)
def test_a_function_that_was_told_too_little_names_the_variable(right: Settings, name: str) -> None:
    with pytest.raises(Refused, match=f"BRANDCAST_{name.upper()} is not set") as caught:
        open_gcp(replace(right, **{name: ""}))
    assert "infra/" in caught.value.hint
