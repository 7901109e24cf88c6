"""What only S3 shows: others' objects, checksums, races, keys and versions.

What it shares with every bucket behind a network is in test_far_objects.py.
"""

from __future__ import annotations

import tracemalloc
from contextlib import closing

import pytest
import requests

from lib.adapters.s3.clients import s3_client
from lib.adapters.s3.objects import S3Objects
from lib.adapters.s3.transfers import PIECE
from lib.core.errors import Conflict, NotFound, Refused, Unavailable
from tests.contract.far import CALLS
from tests.contract.test_objects import crc32c
from tests.stand_ins.middleman import first
from tests.stand_ins.moto_s3 import s3_client_of

#: The provider whose bucket ``far`` is.
PROVIDERS = ("s3",)
MIB = 1024 * 1024


@pytest.fixture
def bucket(far, moto_s3):
    """Give a client with nobody between, and the bucket's name."""
    with closing(s3_client_of(moto_s3.url)) as client:
        yield client, far.bucket


@pytest.fixture
def theirs(bucket):
    """Put an object as any other program would; return what S3 answered."""

    def put(data, **more):
        return bucket[0].put_object(Bucket=bucket[1], Key="a.txt", Body=data, **more)

    return put


def flipped(body):
    return bytes([body[0] ^ 1]) + body[1:] if body else body


def test_two_that_stopped_each_other_look_again(far):
    stopped = first(far.provider.is_upload)
    far.between.answer = lambda method, target: 409 if stopped(method, target) else None
    stored = far.put(b"mine")
    assert far.objects.stat("a.txt") == stored
    again = first(far.provider.is_upload)
    far.between.answer = lambda method, target: 409 if again(method, target) else None
    assert far.objects.stat("a.txt") == stored
    assert far.replace(b"new", stored.generation).size == 3


def test_a_deletion_names_the_version_that_was_looked_at(far):
    old = far.put(b"old")
    with far.outrun(lambda method, target: method == "DELETE", b"new", old.generation):
        assert far.objects.delete("a.txt", generation=old.generation) is False
    assert far.objects.read("a.txt") == b"new"


def test_a_large_file_never_lies_in_memory(far, tmp_path):
    data = bytes(range(256)) * (4096 * 64)
    with far.straight() as near:  # who is between holds whole bodies in this very process
        tracemalloc.start()
        stored = near.put(data)
        near.objects.fetch("a.txt", stored.generation, tmp_path / "copy")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 2.5 * PIECE < len(data)
    assert (tmp_path / "copy").read_bytes() == data


def test_the_last_answer_to_a_large_upload_may_be_lost(far):
    far.between.swallow = first(lambda method, target: method == "POST" and "uploadId" in target)
    stored = far.put(bytes(20 * MIB))
    assert far.objects.stat("a.txt") == stored


def test_a_large_upload_that_is_refused_leaves_no_pieces(far, bucket):
    far.put(b"theirs")
    with pytest.raises(Conflict):
        far.put(bytes(20 * MIB))
    assert "Uploads" not in bucket[0].list_multipart_uploads(Bucket=bucket[1])


def test_what_others_put_has_a_true_checksum_and_is_read_for_it_once(far, theirs):
    theirs(b"a person's", ContentType="image/png", Metadata={"by": "hand"})
    found = far.objects.stat("a.txt")
    assert (found.size, found.crc32c) == (10, crc32c(b"a person's"))
    assert (found.media_type, dict(found.metadata)) == ("image/png", {"by": "hand"})
    assert far.objects.stat("a.txt") == found == far.objects.list("").items[0]
    assert [method for method, _, _ in far.between.requests].count("GET") == 2  # bytes, listing


def test_a_listing_reads_nobodys_bytes(far, theirs):
    theirs(b"a person's")
    (found,) = far.objects.list("").items
    assert (found.size, found.crc32c) == (10, "")
    assert all(m == "HEAD" or "list-type" in t for m, t, _ in far.between.requests)


def test_what_others_change_within_a_second_is_another_generation(far, theirs, tmp_path):
    theirs(b"one")
    old = far.objects.stat("a.txt")
    theirs(b"two")
    new = far.objects.stat("a.txt")
    assert new.generation != old.generation
    with pytest.raises(NotFound):
        far.objects.fetch("a.txt", old.generation, tmp_path / "copy")
    far.objects.fetch("a.txt", new.generation, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"two"


def test_what_others_put_is_replaced_and_deleted_by_its_generation(far, theirs):
    theirs(b"one")
    new = far.replace(b"ours", far.objects.stat("a.txt").generation)
    assert new.generation > 0
    theirs(b"two")
    assert far.objects.delete("a.txt", generation=new.generation) is False
    assert far.objects.delete("a.txt", generation=far.objects.stat("a.txt").generation) is True


def test_our_metadata_on_others_bytes_is_not_believed(far, bucket, theirs):
    far.put(b"ours")
    told = bucket[0].head_object(Bucket=bucket[1], Key="a.txt")["Metadata"]
    theirs(b"longer than ours", Metadata=told)
    assert far.objects.stat("a.txt").crc32c == crc32c(b"longer than ours")


def test_a_byte_that_was_damaged_on_its_way_is_asked_for_again(far, theirs, tmp_path):
    theirs(b"precious")
    spoilt = first(lambda method, target: method == "GET" and "list-type" not in target)
    far.between.spoil = lambda m, t, body: flipped(body) if spoilt(m, t) else body
    far.objects.fetch("a.txt", far.objects.list("").items[0].generation, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"precious"


@pytest.mark.parametrize("ours", [True, False], ids=["ours", "theirs"])
def test_bytes_that_stay_damaged_are_unavailable_and_leave_no_file(far, theirs, tmp_path, ours):
    _ = far.put(b"precious") if ours else theirs(b"precious")
    generation = far.objects.stat("a.txt").generation
    far.between.spoil = lambda m, t, body: flipped(body) if m == "GET" else body
    with pytest.raises(Unavailable, match="damaged on its way"):
        far.objects.fetch("a.txt", generation, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_where_an_etag_is_of_encrypted_bytes_our_own_checksum_holds(far, bucket, tmp_path):
    client, name = bucket
    sealed = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    client.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [sealed]})
    stored = far.put(b"precious")
    head = client.head_object(Bucket=name, Key="a.txt")
    assert head["ServerSideEncryption"] == "aws:kms"
    far.objects.fetch("a.txt", stored.generation, tmp_path / "copy")
    far.between.spoil = lambda m, t, body: flipped(body) if m == "GET" else body
    with pytest.raises(Unavailable, match="CRC32C"):
        far.objects.fetch("a.txt", stored.generation, tmp_path / "copy")


def test_a_large_object_of_others_is_held_against_the_etag_of_its_pieces(far, bucket, tmp_path):
    client, name = bucket
    place = {"Bucket": name, "Key": "a.txt"}
    upload = {**place, "UploadId": client.create_multipart_upload(**place)["UploadId"]}
    parts = []
    for number, size in enumerate((5 * MIB, 6 * MIB, 100), start=1):
        data = bytes([number]) * size
        answer = client.upload_part(Body=data, PartNumber=number, **upload)
        parts.append({"ETag": answer["ETag"], "PartNumber": number})
    client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    generation = far.objects.list("").items[0].generation
    far.objects.fetch("a.txt", generation, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_size == 11 * MIB + 100
    far.between.spoil = lambda m, t, body: flipped(body) if m == "GET" else body
    with pytest.raises(Unavailable, match="ETag"):
        far.objects.fetch("a.txt", generation, tmp_path / "other")


def test_reading_behind_the_end_is_nothing(far):
    far.put(b"0123")
    assert far.objects.read("a.txt", start=4) == far.objects.read("a.txt", start=9, end=12) == b""


@pytest.mark.parametrize("call", CALLS)
def test_a_name_that_is_none_is_refused(far, call):
    with far.to("not/a/bucket") as nowhere, pytest.raises(Refused, match="no name"):
        CALLS[call](nowhere)


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


def test_a_link_into_a_bucket_with_versions_opens_this_very_version(far, bucket):
    client, name = bucket
    enabled = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration=enabled)
    old = far.put(b"old")
    url = far.objects.signed_url("a.txt", expires_s=90)
    far.replace(b"new", old.generation)
    assert requests.get(url, timeout=10).content == b"old"
