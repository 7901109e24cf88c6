"""What every bucket behind a network keeps when the network does not: answers are lost or refused.

The clauses of test_objects.py hold besides; what only one provider can show has its own file.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from lib.core.errors import Conflict, Refused, Unavailable
from tests.contract.far import CALLS, FAR
from tests.stand_ins.middleman import first

#: The providers whose buckets are held to these clauses.
PROVIDERS = tuple(FAR)
MIB = 1024 * 1024


def test_an_upload_whose_answer_was_lost_is_ours(far):
    far.between.swallow = first(far.provider.is_upload)
    stored = far.put(b"mine")
    assert [far.provider.is_upload(*r[:2]) for r in far.between.requests].count(True) == 2
    assert far.objects.stat("a.txt") == stored
    assert far.objects.read("a.txt") == b"mine"


def test_an_upload_that_was_refused_after_a_lost_answer_is_not_ours_when_the_bytes_differ(far):
    first_put = far.put(b"theirs")
    far.between.swallow = first(far.provider.is_upload)
    with pytest.raises(Conflict):
        far.put(b"mine")
    assert far.objects.stat("a.txt") == first_put


def test_a_replacement_whose_answer_was_lost_is_ours(far):
    old = far.put(b"old")
    far.between.swallow = first(far.provider.is_upload)
    new = far.replace(b"new", old.generation)
    assert far.objects.stat("a.txt") == new
    assert new.generation > old.generation


def test_a_replacement_of_an_old_generation_is_a_conflict_even_by_the_same_bytes(far):
    old = far.put(b"old")
    far.replace(b"new", old.generation)
    with pytest.raises(Conflict):
        far.replace(b"new", old.generation)


def test_a_replacement_that_lost_the_race_is_a_conflict_even_by_the_same_bytes(far):
    old = far.put(b"old")
    with far.outrun(far.provider.is_upload, b"new", old.generation), pytest.raises(Conflict):
        far.replace(b"new", old.generation)
    assert far.objects.read("a.txt") == b"new"


def test_a_large_file_goes_up_in_pieces(far):
    data = bytes(range(256)) * (4096 * 20)
    stored = far.put(data)
    assert stored.size == len(data) == 20 * MIB
    assert far.objects.stat("a.txt") == stored
    assert max(length for _, _, length in far.between.requests) == far.provider.piece
    far.objects.fetch("a.txt", stored.generation, far.folder / "copy")
    assert (far.folder / "copy").read_bytes() == data


def test_a_service_that_is_away_for_a_moment_is_waited_for(far):
    away = first(lambda method, target: True, times=2)
    far.between.answer = lambda method, target: 503 if away(method, target) else None
    assert far.put(b"x").size == 1


@pytest.mark.parametrize("call", CALLS)
def test_what_is_in_a_bucket_that_does_not_exist_is_refused_and_never_absent(far, call):
    words, mend = far.provider.no_bucket
    with far.to("no-such-bucket") as nowhere, pytest.raises(Refused, match=words) as caught:
        CALLS[call](nowhere)
    assert mend in caught.value.hint


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_permission_is_refused_with_what_to_do(far, call):
    far.between.answer = lambda method, target: 403
    with pytest.raises(Refused, match="forbidden") as caught:
        CALLS[call](far)
    assert far.provider.permission in caught.value.hint


@pytest.mark.parametrize("call", CALLS)
def test_a_service_that_cannot_be_reached_is_unavailable_and_never_absent(far, call):
    with far.to_nobody() as silent, pytest.raises(Unavailable, match="could not be reached"):
        CALLS[call](silent)


def test_a_failed_fetch_leaves_no_file(far):
    stored = far.put(b"x")
    far.between.answer = lambda method, target: 403
    with pytest.raises(Refused):
        far.objects.fetch("a.txt", stored.generation, far.folder / "copy")
    assert not (far.folder / "copy").exists()


def test_a_link_opens_the_object_and_names_its_life(far):
    far.put(b"seen")
    with far.straight() as near:
        url = near.objects.signed_url("a.txt", expires_s=90)
    asked = parse_qs(urlsplit(url).query)
    for name, value in far.provider.link.items():
        assert asked[name] == [value]
    assert requests.get(url, timeout=10).content == b"seen"


@pytest.mark.parametrize("expires_s", [0, -1, 8 * 24 * 3600])
def test_a_link_cannot_live_for_ever(far, expires_s):
    far.put(b"x")
    with pytest.raises(Refused, match="cannot live"):
        far.objects.signed_url("a.txt", expires_s=expires_s)
