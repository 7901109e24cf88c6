"""How a stored version of S3's becomes the port's: numbers that grow, checksums, metadata."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.adapters.s3.versions import Sums, headers, info_of, new_generation, sums_of

SUMS = Sums(size=5, crc32c="AAAAAA==", md5=b"")
THEN = datetime(2025, 2, 17, 12, 0, 0, tzinfo=UTC)


def answer(**more):
    return {"ContentLength": 5, "ETag": '"e"', "LastModified": THEN, **more}


def test_numbers_differ_even_in_one_instant_and_fit_where_numbers_are_stored():
    numbers = [new_generation() for _ in range(1000)]
    assert len(set(numbers)) == 1000
    assert all(0 < number < 2**63 for number in numbers)


def test_a_number_is_larger_than_the_one_it_replaces_whatever_the_clock_says():
    later = new_generation() + 10**15
    assert new_generation(after=later) > later


def test_our_numbers_are_larger_than_those_of_what_others_put_before():
    assert new_generation() > info_of("a", answer()).generation


@given(st.dictionaries(st.sampled_from(["facts", "by", "migrated-from"]), st.text(max_size=60)))
def test_metadata_of_any_script_survives_the_headers(metadata):
    stored = headers(metadata, 7, SUMS)
    assert all(value.isascii() and value.isprintable() for value in stored.values())
    assert not any(" " in value for value in stored.values())
    found = info_of("a", answer(Metadata=stored))
    assert (found.generation, found.crc32c, found.metadata) == (7, "AAAAAA==", metadata)


def test_what_others_wrote_into_their_metadata_is_left_as_it_is():
    assert info_of("a", answer(Metadata={"k": "100%25"})).metadata == {"k": "100%25"}


@pytest.mark.parametrize(
    ("told", "crc32c"),
    [
        ({"ChecksumCRC32C": "yZRlqg==", "ChecksumType": "FULL_OBJECT"}, "yZRlqg=="),
        ({"ChecksumCRC32C": "yZRlqg=="}, "yZRlqg=="),
        ({"ChecksumCRC32C": "yZRlqg==-3"}, ""),
        ({"ChecksumCRC32C": "yZRlqg==", "ChecksumType": "COMPOSITE"}, ""),
        ({"ChecksumSHA256": "x"}, ""),
    ],
)
def test_the_checksum_of_the_service_is_taken_when_it_is_of_the_whole(told, crc32c):
    assert info_of("a", answer(**told)).crc32c == crc32c


def test_a_number_of_what_others_put_follows_from_bytes_and_second():
    same = info_of("a", answer()).generation
    assert info_of("b", answer()).generation == same
    assert info_of("a", answer(ETag='"f"')).generation != same
    later = answer(LastModified=THEN.replace(second=1))
    assert info_of("a", later).generation > same


def test_the_sums_of_a_file_are_those_of_its_bytes(tmp_path: Path):
    file = tmp_path / "f"
    file.write_bytes(b"hello")
    found = sums_of(file)
    assert (found.size, found.crc32c) == (5, "mnG7TA==")
    assert found.md5.hex() == "5d41402abc4b2a76b9719d911017c592"
