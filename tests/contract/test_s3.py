"""What S3's clauses of its own are: lost answers, others' objects, checksums, refusals, links."""

from __future__ import annotations

import socket
import tracemalloc
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lib.adapters.s3.clients import s3_client
from lib.adapters.s3.objects import S3Objects
from lib.adapters.s3.transfers import PIECE
from lib.core.errors import Conflict, NotFound, Refused, Unavailable
from tests.contract.test_objects import crc32c
from tests.stand_ins.middleman import Middleman, first
from tests.stand_ins.moto_s3 import new_s3_bucket, s3_client_of

MIB = 1024 * 1024


@pytest.fixture
def bucket(moto_s3):
    with new_s3_bucket(moto_s3) as made:
        yield made


@pytest.fixture
def between(moto_s3):
    with Middleman(moto_s3.port) as middleman:
        yield middleman


@pytest.fixture
def objects(bucket, between):
    with closing(s3_client_of(between.url)) as client:
        yield S3Objects(client, bucket[1])


@pytest.fixture
def file(tmp_path):
    def make(data):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
        path.write_bytes(data)
        return path

    return make


@pytest.fixture
def theirs(bucket):
    """Put an object as any other program would; return what S3 answered."""

    def put(data, path="a.txt", **more):
        return bucket[0].put_object(Bucket=bucket[1], Key=path, Body=data, **more)

    return put


def put(objects, file, path="a.txt"):
    return objects.put_once(path, file, media_type="text/plain", metadata={"k": "v"})


def replace(objects, file, generation):
    return objects.replace(
        "a.txt", file, generation=generation, media_type="text/plain", metadata={}
    )


def puts(method, target):
    return method == "PUT"


def flipped(body):
    return bytes([body[0] ^ 1]) + body[1:] if body else body


def test_an_upload_whose_answer_was_lost_is_ours(objects, between, file):
    between.swallow = first(puts)
    stored = put(objects, file(b"mine"))
    assert [r[0] for r in between.requests].count("PUT") == 2
    assert objects.stat("a.txt") == stored
    assert objects.read("a.txt") == b"mine"


def test_an_upload_that_was_refused_after_a_lost_answer_is_not_ours_when_the_bytes_differ(
    objects, between, file
):
    first_put = put(objects, file(b"theirs"))
    between.swallow = first(puts)
    with pytest.raises(Conflict):
        put(objects, file(b"mine"))
    assert objects.stat("a.txt") == first_put


def test_a_replacement_whose_answer_was_lost_is_ours(objects, between, file):
    old = put(objects, file(b"old"))
    between.swallow = first(puts)
    new = replace(objects, file(b"new"), old.generation)
    assert objects.stat("a.txt") == new
    assert new.generation > old.generation


def once(method, act):
    """Return an answerer that acts before the first request of this method goes on."""
    wanted = first(lambda asked, target: asked == method)
    return lambda asked, target: act() and None if wanted(asked, target) else None


def test_a_replacement_that_lost_the_race_is_a_conflict_even_by_the_same_bytes(
    objects, between, bucket, file
):
    old, faster = put(objects, file(b"old")), S3Objects(*bucket)
    between.answer = once("PUT", lambda: replace(faster, file(b"new"), old.generation))
    with pytest.raises(Conflict):
        replace(objects, file(b"new"), old.generation)


def test_two_that_stopped_each_other_look_again(objects, between, file):
    stopped = first(puts)
    between.answer = lambda method, target: 409 if stopped(method, target) else None
    stored = put(objects, file(b"mine"))
    assert objects.stat("a.txt") == stored
    again = first(puts)
    between.answer = lambda method, target: 409 if again(method, target) else None
    assert objects.stat("a.txt") == stored
    assert replace(objects, file(b"new"), stored.generation).size == 3


def test_a_deletion_names_the_version_that_was_looked_at(objects, between, bucket, file):
    old, faster = put(objects, file(b"old")), S3Objects(*bucket)
    between.answer = once("DELETE", lambda: replace(faster, file(b"new"), old.generation))
    assert objects.delete("a.txt", generation=old.generation) is False
    assert objects.read("a.txt") == b"new"


def test_a_large_file_goes_up_in_pieces(objects, between, file):
    stored = put(objects, file(bytes(range(256)) * (4096 * 20)))
    assert stored.size == 20 * MIB
    assert objects.stat("a.txt") == stored
    assert max(length for _, _, length in between.requests) == PIECE


def test_a_large_file_never_lies_in_memory(bucket, file, tmp_path):
    objects, large = S3Objects(*bucket), file(bytes(range(256)) * (4096 * 64))
    tracemalloc.start()
    stored = put(objects, large)
    objects.fetch("a.txt", stored.generation, tmp_path / "copy")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * PIECE < large.stat().st_size
    assert (tmp_path / "copy").read_bytes() == large.read_bytes()


def test_the_last_answer_to_a_large_upload_may_be_lost(objects, between, file):
    between.swallow = first(lambda method, target: method == "POST" and "uploadId" in target)
    stored = put(objects, file(bytes(20 * MIB)))
    assert objects.stat("a.txt") == stored


def test_a_large_upload_that_is_refused_leaves_no_pieces(objects, bucket, file):
    put(objects, file(b"theirs"))
    with pytest.raises(Conflict):
        put(objects, file(bytes(20 * MIB)))
    assert "Uploads" not in bucket[0].list_multipart_uploads(Bucket=bucket[1])


def test_a_service_that_is_away_for_a_moment_is_waited_for(objects, between, file):
    away = first(lambda method, target: True, times=2)
    between.answer = lambda method, target: 503 if away(method, target) else None
    assert put(objects, file(b"x")).size == 1


def test_what_others_put_has_a_true_checksum_and_is_read_for_it_once(objects, between, theirs):
    theirs(b"a person's", ContentType="image/png", Metadata={"by": "hand"})
    found = objects.stat("a.txt")
    assert (found.size, found.crc32c) == (10, crc32c(b"a person's"))
    assert (found.media_type, dict(found.metadata)) == ("image/png", {"by": "hand"})
    assert objects.stat("a.txt") == found == objects.list("").items[0]
    assert [method for method, _, _ in between.requests].count("GET") == 2  # bytes, listing


def test_a_listing_reads_nobodys_bytes(objects, between, theirs):
    theirs(b"a person's")
    (found,) = objects.list("").items
    assert (found.size, found.crc32c) == (10, "")
    assert all(m == "HEAD" or "list-type" in t for m, t, _ in between.requests)


def test_what_others_change_within_a_second_is_another_generation(objects, theirs, tmp_path):
    theirs(b"one")
    old = objects.stat("a.txt")
    theirs(b"two")
    new = objects.stat("a.txt")
    assert new.generation != old.generation
    with pytest.raises(NotFound):
        objects.fetch("a.txt", old.generation, tmp_path / "copy")
    objects.fetch("a.txt", new.generation, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"two"


def test_what_others_put_is_replaced_and_deleted_by_its_generation(objects, theirs, file):
    theirs(b"one")
    new = replace(objects, file(b"ours"), objects.stat("a.txt").generation)
    assert new.generation > 0
    theirs(b"two")
    assert objects.delete("a.txt", generation=new.generation) is False
    assert objects.delete("a.txt", generation=objects.stat("a.txt").generation) is True


def test_our_metadata_on_others_bytes_is_not_believed(objects, bucket, theirs, file):
    put(objects, file(b"ours"))
    told = bucket[0].head_object(Bucket=bucket[1], Key="a.txt")["Metadata"]
    theirs(b"longer than ours", Metadata=told)
    assert objects.stat("a.txt").crc32c == crc32c(b"longer than ours")


def test_a_byte_that_was_damaged_on_its_way_is_asked_for_again(objects, between, theirs, tmp_path):
    theirs(b"precious")
    spoilt = first(lambda method, target: method == "GET" and "list-type" not in target)
    between.spoil = lambda m, t, body: flipped(body) if spoilt(m, t) else body
    objects.fetch("a.txt", objects.list("").items[0].generation, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"precious"


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "theirs"])
def test_bytes_that_stay_damaged_are_unavailable_and_leave_no_file(
    objects, between, theirs, file, tmp_path, ours
):
    _ = put(objects, file(b"precious")) if ours else theirs(b"precious")
    generation = objects.stat("a.txt").generation
    between.spoil = lambda m, t, body: flipped(body) if m == "GET" else body
    with pytest.raises(Unavailable, match="damaged on its way"):
        objects.fetch("a.txt", generation, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_where_an_etag_is_of_encrypted_bytes_our_own_checksum_holds(
    objects, between, bucket, file, tmp_path
):
    client, name = bucket
    sealed = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [sealed]})
    stored = put(objects, file(b"precious"))
    head = client.head_object(Bucket=name, Key="a.txt")
    assert head["ServerSideEncryption"] == "aws:kms"
    objects.fetch("a.txt", stored.generation, tmp_path / "copy")
    between.spoil = lambda m, t, body: flipped(body) if m == "GET" else body
    with pytest.raises(Unavailable, match="CRC32C"):
        objects.fetch("a.txt", stored.generation, tmp_path / "copy")


def test_a_large_object_of_others_is_held_against_the_etag_of_its_pieces(
    objects, between, bucket, tmp_path
):
    client, name = bucket
    place = {"Bucket": name, "Key": "a.txt"}
    upload = {**place, "UploadId": client.create_multipart_upload(**place)["UploadId"]}
    parts = []
    for number, size in enumerate((5 * MIB, 6 * MIB, 100), start=1):
        data = bytes([number]) * size
        answer = client.upload_part(Body=data, PartNumber=number, **upload)
        parts.append({"ETag": answer["ETag"], "PartNumber": number})
    client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    generation = objects.list("").items[0].generation
    objects.fetch("a.txt", generation, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_size == 11 * MIB + 100
    between.spoil = lambda m, t, body: flipped(body) if m == "GET" else body
    with pytest.raises(Unavailable, match="ETag"):
        objects.fetch("a.txt", generation, tmp_path / "other")


def test_reading_behind_the_end_is_nothing(objects, file):
    put(objects, file(b"0123"))
    assert objects.read("a.txt", start=4) == objects.read("a.txt", start=9, end=12) == b""


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
def test_what_is_in_a_bucket_that_does_not_exist_is_refused_and_never_absent(moto_s3, file, call):
    client = s3_client_of(moto_s3.url)
    with closing(client), pytest.raises(Refused, match=r"no (such )?bucket") as caught:
        CALLS[call](S3Objects(client, "no-such-bucket"), file(b"x"))
    assert "endpoint" in caught.value.hint


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_permission_is_refused_with_what_to_do(objects, between, file, call):
    between.answer = lambda method, target: 403
    with pytest.raises(Refused, match="forbidden") as caught:
        CALLS[call](objects, file(b"x"))
    assert "s3:ListBucket" in caught.value.hint


@pytest.mark.parametrize("call", CALLS)
def test_a_service_that_cannot_be_reached_is_unavailable_and_never_absent(file, call):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    client = s3_client_of(f"http://127.0.0.1:{port}", tries=1)
    with closing(client), pytest.raises(Unavailable, match="could not be reached"):
        CALLS[call](S3Objects(client, "some-bucket"), file(b"x"))


@pytest.mark.parametrize("call", CALLS)
def test_a_name_that_is_none_is_refused(moto_s3, file, call):
    with closing(s3_client_of(moto_s3.url)) as client, pytest.raises(Refused, match="no name"):
        CALLS[call](S3Objects(client, "not/a/bucket"), file(b"x"))


def test_missing_credentials_are_refused_with_what_to_do(moto_s3, monkeypatch):
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/none")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    client = s3_client(endpoint=moto_s3.url)
    with closing(client), pytest.raises(Refused, match="without valid credentials") as caught:
        S3Objects(client, "some-bucket").list("")
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


@pytest.mark.parametrize("endpoint", ["not a url", "127.0.0.1:9000", "ftp//x"])
def test_an_endpoint_that_is_none_is_refused(endpoint):
    with pytest.raises(Refused, match="no client for S3") as caught:
        s3_client_of(endpoint)
    assert "endpoint" in caught.value.hint


def test_a_link_opens_the_object_and_names_its_life(bucket, moto_s3, file):
    objects = S3Objects(*bucket)
    put(objects, file(b"seen"))
    url = urlsplit(objects.signed_url("a.txt", expires_s=90))
    asked = parse_qs(url.query)
    assert asked["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert asked["X-Amz-Expires"] == ["90"]
    assert requests.get(url.geturl(), timeout=10).content == b"seen"


def test_a_link_into_a_bucket_with_versions_opens_this_very_version(bucket, file):
    client, name = bucket
    enabled = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration=enabled)
    objects = S3Objects(client, name)
    old = put(objects, file(b"old"))
    url = objects.signed_url("a.txt", expires_s=90)
    replace(objects, file(b"new"), old.generation)
    assert requests.get(url, timeout=10).content == b"old"


@pytest.mark.parametrize("expires_s", [0, -1, 8 * 24 * 3600])
def test_a_link_cannot_live_for_ever(objects, file, expires_s):
    put(objects, file(b"x"))
    with pytest.raises(Refused, match="cannot live"):
        objects.signed_url("a.txt", expires_s=expires_s)
