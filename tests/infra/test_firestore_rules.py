"""infra/firestore.rules on Google's own emulator: browsers get nothing, services are no browsers."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from infra.offline.picture import Picture, first
from tests.conftest import missing
from tests.house.source import ROOT
from tests.stand_ins.firestore_emulator import FIRESTORE, FirestoreEmulator
from tests.stand_ins.gcloud import jar

PROJECT = "rules"
RULES = ROOT / "infra" / "firestore.rules"
DOCUMENT = {"fields": {"owner": {"stringValue": "me"}}}
#: The emulator takes this word for an administrator, who is above the rules.
ADMIN = "owner"


class Emulator(FirestoreEmulator):
    """The emulator, asked over HTTP as a browser asks."""

    def ask(self, method: str, path: str, who: str, body: Any = None) -> int:
        """Return the status of one request; ``who`` is a token or nobody."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/v1/projects/{PROJECT}/databases/(default)/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {who}"} if who else {}),
        )
        return _status(request)

    def load(self, rules: str) -> int:
        """Put rules in force."""
        file = {"name": "firestore.rules", "content": rules}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/emulator/v1/projects/{PROJECT}:securityRules",
            method="PUT",
            data=json.dumps({"rules": {"files": [file]}}).encode(),
            headers={"Content-Type": "application/json"},
        )
        return _status(request)


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def token(uid: str) -> str:
    """Return what a browser of somebody who signed in sends; the emulator checks no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, {"sub": uid, "user_id": uid, "aud": PROJECT})
    texts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts
    ]
    return ".".join([*texts, ""])


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    if jar(FIRESTORE) is None:
        missing("Google's Firestore emulator")
    with Emulator() as running:
        assert running.load(RULES.read_text()) == 200
        for place in ("works/w1", "activity/a1", "audits/cursor"):
            path = f"documents/{place}"
            assert running.ask("PATCH", path, ADMIN, DOCUMENT) == 200
        yield running


QUERY = {"structuredQuery": {"from": [{"collectionId": "works"}]}}
REQUESTS = {
    "get a work": ("GET", "documents/works/w1", None),
    "get a line of news": ("GET", "documents/activity/a1", None),
    "get the cursor of the audit": ("GET", "documents/audits/cursor", None),
    "get what is not there": ("GET", "documents/nothing/x", None),
    "list works": ("GET", "documents/works", None),
    "query works": ("POST", "documents:runQuery", QUERY),
    "create a work": ("POST", "documents/works?documentId=w2", DOCUMENT),
    "change a work": ("PATCH", "documents/works/w1", DOCUMENT),
    "delete a work": ("DELETE", "documents/works/w1", None),
    "write below a work": ("PATCH", "documents/works/w1/deep/d", DOCUMENT),
}  # fmt: skip


@pytest.mark.parametrize(
    "who", ["", token("me"), token("eve")], ids=["nobody", "owner", "stranger"]
)
@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS.keys())
def test_a_browser_gets_nothing(emulator: Emulator, who: str, asked: tuple[str, str, Any]) -> None:
    method, path, body = asked
    assert emulator.ask(method, path, who, body) == 403


@pytest.mark.parametrize("place", ["works/w1", "activity/a1", "audits/cursor"])
def test_a_service_is_above_the_rules(emulator: Emulator, place: str) -> None:
    assert emulator.ask("GET", f"documents/{place}", ADMIN) == 200


def test_rules_that_allow_would_be_seen(emulator: Emulator) -> None:
    try:
        assert (
            emulator.load(RULES.read_text().replace("if false", "if request.auth != null")) == 200
        )
        assert emulator.ask("GET", "documents/works/w1", token("eve")) == 200
        assert emulator.ask("GET", "documents/works/w1", "") == 403
    finally:
        assert emulator.load(RULES.read_text()) == 200


def test_rules_that_cannot_be_read_are_refused(emulator: Emulator) -> None:
    assert emulator.load(RULES.read_text().replace("allow", "alow")) == 400


def test_terraform_releases_these_rules_for_our_database(found: Picture) -> None:
    (ruleset,) = found.of("google_firebaserules_ruleset")
    assert first(first(ruleset["source"])["files"])["content"] == RULES.read_text()
    (release,) = found.of("google_firebaserules_release")
    (database,) = found.of("google_firestore_database")
    assert release["name"] == f"cloud.firestore/{database['name']}"
