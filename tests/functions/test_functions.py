"""The deployed files, driven as the platform drives them: CloudEvents and HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import functions_framework
import pytest
from flask.testing import FlaskClient

from lib import wiring
from lib.app import views
from lib.core.errors import Unavailable
from lib.settings import ROOT
from tests.app.crank import OWNER, Crank, open_crank, settings_below

SOURCE = str(ROOT / "main.py")


@pytest.fixture
def crank(tmp_path: Path) -> Iterator[Crank]:
    """Return a studio that the functions of this process use."""
    opened = open_crank(settings_below(tmp_path))
    wiring.install(opened.studio, opened.local.settings)
    yield opened
    opened.local.close()


def client(target: str, kind: str = "http") -> FlaskClient:
    """Return a client of one function, served by the framework."""
    app = functions_framework.create_app(target, SOURCE, kind)
    return app.test_client()


def send(event: dict[str, Any], data: dict[str, Any]) -> int:
    headers = {f"ce-{name}": value for name, value in event.items() if name != "datacontenttype"}
    answer = client("on_object", "cloudevent").post("/", json=data, headers=headers)
    return answer.status_code


def test_a_storage_event_settles_the_work_of_its_object(crank: Crank) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    assert crank.task()
    codes: list[int] = []
    crank.local.outbox.drain(lambda attributes, data: codes.append(send(attributes, data)))
    assert codes == [200]
    assert crank.burst_view(burst.id)["planning"]["stages"]["propose"] == "done"


def test_an_event_for_an_object_that_is_not_ours_is_left_alone(crank: Crank) -> None:
    attributes = {
        "id": "1",
        "source": "//storage.googleapis.com/projects/_/buckets/b",
        "specversion": "1.0",
        "type": "google.cloud.storage.object.v1.finalized",
        "subject": "objects/holiday.jpg",
    }
    assert send(attributes, {"bucket": "b", "name": "holiday.jpg", "generation": "1"}) == 200


def notified(kind: str, path: str, generation: int) -> dict[str, Any]:
    """Return what a push subscription posts about a bucket's notification."""
    attributes = {
        "eventType": kind,
        "bucketId": "b",
        "objectId": path,
        "objectGeneration": str(generation),
        "payloadFormat": "JSON_API_V1",
    }
    message = {"messageId": "7", "data": "e30=", "attributes": attributes}
    return {"message": message, "subscription": "projects/p/subscriptions/objects"}


@pytest.mark.parametrize("kind", ["OBJECT_FINALIZE", "OBJECT_DELETE"])
def test_a_notification_of_the_bucket_settles_the_work_of_its_object(
    crank: Crank, kind: str
) -> None:
    work = crank.reel()
    path = next(a for a in work["artifacts"] if a["slot"] == "video")["object"]
    generation = crank.studio.objects.stat(path).generation
    crank.file(path).unlink()
    crank.local.objects.scan()
    answer = client("on_object", "cloudevent").post("/", json=notified(kind, path, generation + 1))
    assert answer.status_code == 200
    assert crank.job(work["id"])["phase"] == "working"


def test_a_notification_of_another_kind_is_refused_loudly(crank: Crank) -> None:
    push = notified("OBJECT_ARCHIVE", "me/two-wheels/posts/w-1_slide-0000000000.jpg", 1)
    assert client("on_object", "cloudevent").post("/", json=push).status_code == 500


def test_an_event_that_cannot_be_settled_yet_is_answered_with_too_many_requests(
    crank: Crank, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: str) -> Any:
        raise Unavailable("the records could not be reached")

    work = crank.reel()
    path = next(a for a in work["artifacts"] if a["slot"] == "video")["object"]
    monkeypatch.setattr(crank.local.records, "get", away)
    push = notified("OBJECT_DELETE", path, 1)
    assert client("on_object", "cloudevent").post("/", json=push).status_code == 429


def test_an_event_of_another_type_is_refused_loudly(crank: Crank) -> None:
    attributes = {
        "id": "1",
        "source": "//pubsub.googleapis.com/x",
        "specversion": "1.0",
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
    }
    assert send(attributes, {"message": {}}) == 500


def test_a_task_carries_out_its_attempt_and_a_doubled_one_is_answered_with_success(
    crank: Crank,
) -> None:
    burst = crank.burst(crank.studio.brands.slugs()[0], posts=0)
    payload = {"work_id": burst.id, "step": "propose", "number": 1}
    first = client("on_step").post("/", json=payload)
    second = client("on_step").post("/", json=payload)
    assert (first.status_code, first.text) == (200, "done")
    assert (second.status_code, second.text) == (200, "dropped: the attempt is over")


@pytest.mark.parametrize("payload", [{}, {"work_id": "x"}, [1], "text", None])
def test_a_malformed_task_is_dropped_rather_than_tried_for_ever(
    crank: Crank, payload: object
) -> None:
    answer = client("on_step").post("/", data=json.dumps(payload))
    assert answer.status_code == 200
    assert "names no attempt" in answer.text


def test_a_tick_answers_with_its_report(crank: Crank) -> None:
    crank.burst(crank.studio.brands.slugs()[0], posts=0)
    report = client("on_tick").post("/").get_json()
    assert report["checked"] == 1
    assert report["corrections"] == []


def test_the_api_serves_status_bursts_and_jobs(crank: Crank) -> None:
    api = client("studio_api")
    brand = crank.studio.brands.slugs()[0]
    body = {"kind": "test", "brands": [brand], "posts": 1, "reels": 1}
    made = api.post("/api/v1/bursts", json=body)
    assert made.status_code == 202
    burst_id = made.get_json()["id"]
    assert api.get("/api/v1/status").get_json()["burst_id"] == burst_id
    crank.until_quiet()
    assert api.get(f"/api/v1/bursts/{burst_id}").get_json()["phase"] == "complete"
    jobs = api.get("/api/v1/jobs").get_json()
    assert len(jobs) == 2
    detail = api.get(f"/api/v1/jobs/{jobs[0]['id']}").get_json()
    proofs = [a["proof"] for a in detail["artifacts"] if a["role"] == "final"]
    assert all(proof["generation"] and proof["crc32c"] and proof["size"] for proof in proofs)
    assert all("signature=" in a["url"] for a in detail["artifacts"] if a["role"] == "final")
    assert all(a["url"] is None for a in detail["artifacts"] if a["state"] != "verified")
    assert api.get("/api/v1/status").get_json()["phase"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/api/v1/jobs/none", None, 404, "no work 'none'"),
        ("GET", "/api/v1/bursts/none", None, 404, "no work 'none'"),
        ("GET", "/nowhere", None, 404, "nothing here"),
        ("DELETE", "/api/v1/jobs", None, 405, "method"),
        ("GET", "/api/v1/jobs?limit=0", None, 400, "limit"),
        ("POST", "/api/v1/bursts", {"brands": []}, 400, "kind"),
        ("POST", "/api/v1/bursts", ["list"], 400, "JSON object"),
        ("POST", "/api/v1/bursts", {"kind": "test", "brands": ["nobody"]}, 400, "nobody"),
        ("POST", "/api/v1/jobs/none/retry", {}, 400, "step"),
        ("POST", "/api/v1/jobs/none/retry", {"step": "stills"}, 404, "no work"),
    ],
)
def test_every_error_is_a_problem_document_that_says_what_is_wrong(
    crank: Crank, method: str, path: str, body: object, status: int, words: str
) -> None:
    answer = client("studio_api").open(path, method=method, json=body)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert words in problem["title"]
    assert problem["status"] == status
    assert problem["code"]


def test_a_form_post_changes_nothing(crank: Crank) -> None:
    answer = client("studio_api").post("/api/v1/bursts", data={"kind": "test"})
    assert answer.status_code == 400
    assert views.bursts(crank.studio, OWNER) == []
