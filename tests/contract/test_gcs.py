"""What Cloud Storage's clauses of its own are: lost answers, refusals, large files, links."""

from __future__ import annotations

import socket
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lib.adapters.gcp.objects import CHUNK, GcsObjects
from lib.adapters.gcp.signing import Signer
from lib.core.errors import Conflict, Refused, Unavailable
from tests.stand_ins.fake_gcs import client_of, new_bucket, throwaway_signing
from tests.stand_ins.middleman import Middleman, first

MIB = 1024 * 1024


@pytest.fixture
def between(fake_gcs):
    with Middleman(fake_gcs.port) as middleman:
        yield middleman


@pytest.fixture
def objects(fake_gcs, between):
    bucket = new_bucket(fake_gcs)
    return GcsObjects(
        client_of(between.url), bucket.name, signing=throwaway_signing(), patience_s=20
    )


@pytest.fixture
def file(tmp_path):
    def make(data):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
        path.write_bytes(data)
        return path

    return make


def put(objects, file, path="a.txt"):
    return objects.put_once(path, file, media_type="text/plain", metadata={"k": "v"})


def replace(objects, file, generation):
    return objects.replace(
        "a.txt", file, generation=generation, media_type="text/plain", metadata={}
    )


def uploads(method, target):
    return method in ("POST", "PUT") and "/upload/" in target


def test_an_upload_whose_answer_was_lost_is_ours(objects, between, file):
    between.swallow = first(uploads)
    stored = put(objects, file(b"mine"))
    assert len([r for r in between.requests if uploads(*r[:2])]) == 2
    assert objects.stat("a.txt") == stored
    assert objects.read("a.txt") == b"mine"


def test_an_upload_that_was_refused_after_a_lost_answer_is_not_ours_when_the_bytes_differ(
    objects, between, file
):
    first_put = put(objects, file(b"theirs"))
    between.swallow = first(uploads)
    with pytest.raises(Conflict):
        put(objects, file(b"mine"))
    assert objects.stat("a.txt") == first_put


def test_a_replacement_whose_answer_was_lost_is_ours(objects, between, file):
    old = put(objects, file(b"old"))
    between.swallow = first(uploads)
    new = replace(objects, file(b"new"), old.generation)
    assert objects.stat("a.txt") == new
    assert new.generation > old.generation


def test_a_replacement_of_an_old_generation_is_a_conflict_even_by_the_same_bytes(objects, file):
    old = put(objects, file(b"old"))
    replace(objects, file(b"new"), old.generation)
    with pytest.raises(Conflict):
        replace(objects, file(b"new"), old.generation)


def test_a_client_asks_for_nothing_by_itself(objects, between, file):
    put(objects, file(b"x"))
    objects.list("")
    time.sleep(0.2)
    assert [(m, t.partition("?")[0].rpartition("/")[2]) for m, t, _ in between.requests] == [
        ("POST", "o"),
        ("GET", "o"),
    ]


def test_a_deletion_names_its_generation(objects, between, file):
    stored = put(objects, file(b"x"))
    between.requests.clear()
    objects.delete("a.txt", generation=stored.generation)
    ((method, target, _),) = between.requests
    assert method == "DELETE"
    assert parse_qs(urlsplit(target).query)["generation"] == [str(stored.generation)]


def test_a_read_never_mixes_two_generations(objects, between, file):
    old = put(objects, file(b"old"))
    replaced = []

    def replace_before_the_bytes_are_read(method, target):
        if method == "GET" and "alt=media" in target and not replaced:
            replaced.append(True)
            replace(objects, file(b"new and longer"), old.generation)

    between.answer = replace_before_the_bytes_are_read
    assert objects.read("a.txt") == b"new and longer"


def test_a_large_file_goes_up_in_pieces(objects, between, file, tmp_path):
    data = bytes(range(256)) * (4096 * 20)
    stored = put(objects, file(data))
    assert stored.size == len(data) == 20 * MIB
    assert max(length for _, _, length in between.requests) == CHUNK
    objects.fetch("a.txt", stored.generation, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data


def test_a_file_that_was_damaged_on_its_way_is_no_object(objects, between, file):
    # The stand-in takes a piece twice when its answer was lost; the real service does not.
    between.swallow = first(lambda method, _: method == "PUT")
    with pytest.raises(Unavailable, match="damaged"):
        put(objects, file(bytes(20 * MIB)))
    assert objects.stat("a.txt") is None


def test_a_service_that_is_away_for_a_moment_is_waited_for(objects, between, file):
    away = first(lambda method, target: True, times=3)
    between.answer = lambda method, target: 503 if away(method, target) else None
    assert put(objects, file(b"x")).size == 1


CALLS = {
    "stat": lambda objects, file: objects.stat("a.txt"),
    "read": lambda objects, file: objects.read("a.txt"),
    "list": lambda objects, file: objects.list(""),
    "put": put,
    "replace": lambda objects, file: replace(objects, file, 1),
    "fetch": lambda objects, file: objects.fetch("a.txt", 1, file.with_name("copy")),
    "delete": lambda objects, file: objects.delete("a.txt", generation=1),
    "link": lambda objects, file: objects.signed_url("a.txt", expires_s=60),
}


@pytest.mark.parametrize("call", CALLS)
def test_what_is_in_a_bucket_that_does_not_exist_is_refused_and_never_absent(fake_gcs, file, call):
    objects = GcsObjects(client_of(fake_gcs.url), "no-such-bucket")
    with pytest.raises(Refused, match="no bucket no-such-bucket in project contract"):
        CALLS[call](objects, file(b"x"))


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_permission_is_refused_with_what_to_do(objects, between, file, call):
    between.answer = lambda method, target: 403
    with pytest.raises(Refused, match="forbidden") as caught:
        CALLS[call](objects, file(b"x"))
    assert "infra/README.md" in caught.value.hint


@pytest.mark.parametrize("call", CALLS)
def test_a_service_that_cannot_be_reached_is_unavailable_and_never_absent(file, call):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    objects = GcsObjects(client_of(f"http://127.0.0.1:{port}"), "some-bucket", patience_s=0.1)
    with pytest.raises(Unavailable, match="could not be reached"):
        CALLS[call](objects, file(b"x"))


def test_a_failed_fetch_leaves_no_file(objects, between, file, tmp_path):
    stored = put(objects, file(b"x"))
    between.answer = lambda method, target: 403
    with pytest.raises(Refused):
        objects.fetch("a.txt", stored.generation, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_link_opens_the_object_and_names_generation_and_life(fake_gcs, file):
    bucket = new_bucket(fake_gcs)
    objects = GcsObjects(bucket.client, bucket.name, signing=throwaway_signing())
    stored = put(objects, file(b"seen"))
    url = urlsplit(objects.signed_url("a.txt", expires_s=90))
    asked = parse_qs(url.query)
    assert asked["X-Goog-Algorithm"] == ["GOOG4-RSA-SHA256"]
    assert asked["X-Goog-Expires"] == ["90"]
    assert asked["generation"] == [str(stored.generation)]
    assert requests.get(url.geturl(), timeout=10).content == b"seen"


@pytest.mark.parametrize("expires_s", [0, -1, 8 * 24 * 3600])
def test_a_link_cannot_live_for_ever(objects, file, expires_s):
    put(objects, file(b"x"))
    with pytest.raises(Refused, match="cannot live"):
        objects.signed_url("a.txt", expires_s=expires_s)


class _OfAFunction:
    """What a function in the cloud runs as: an identity without a key."""

    def __init__(self):
        self.valid, self.token, self.refreshed = False, None, 0
        self.service_account_email = "default"

    def refresh(self, _):
        self.valid, self.token, self.refreshed = True, "token", self.refreshed + 1
        self.service_account_email = "renderer@contract.iam.gserviceaccount.com"


def test_a_function_signs_by_its_service_account_with_a_token_that_is_fetched_once():
    identity = _OfAFunction()
    signer = Signer(identity)
    wanted = {
        "service_account_email": "renderer@contract.iam.gserviceaccount.com",
        "access_token": "token",
    }
    assert [signer.arguments(), signer.arguments()] == [wanted, wanted]
    assert identity.refreshed == 1


def test_credentials_that_cannot_sign_are_refused(fake_gcs, file):
    objects = GcsObjects(client_of(fake_gcs.url), new_bucket(fake_gcs).name)
    put(objects, file(b"x"))
    with pytest.raises(Refused, match="cannot sign"):
        objects.signed_url("a.txt", expires_s=60)
