"""What only Cloud Storage shows: what it is asked, damaged uploads, and who signs its links.

What it shares with every bucket behind a network is in test_far_objects.py.
"""

from __future__ import annotations

import time
from urllib.parse import parse_qs, urlsplit

import pytest

from lib.adapters.gcp.objects import GcsObjects
from lib.adapters.gcp.signing import Signer
from lib.core.errors import Refused, Unavailable
from tests.stand_ins.fake_gcs import client_of
from tests.stand_ins.middleman import first

#: The provider whose bucket ``far`` is.
PROVIDERS = ("gcs",)
MIB = 1024 * 1024


def test_a_client_asks_for_nothing_by_itself(far):
    far.put(b"x")
    far.objects.list("")
    time.sleep(0.2)
    assert [(m, t.partition("?")[0].rpartition("/")[2]) for m, t, _ in far.between.requests] == [
        ("POST", "o"),
        ("GET", "o"),
    ]


def test_a_deletion_names_its_generation(far):
    stored = far.put(b"x")
    far.between.requests.clear()
    far.objects.delete("a.txt", generation=stored.generation)
    ((method, target, _),) = far.between.requests
    assert method == "DELETE"
    assert parse_qs(urlsplit(target).query)["generation"] == [str(stored.generation)]


def test_a_read_never_mixes_two_generations(far):
    old = far.put(b"old")
    with far.outrun(
        lambda m, t: m == "GET" and "alt=media" in t, b"new and longer", old.generation
    ):
        assert far.objects.read("a.txt") == b"new and longer"


def test_a_file_that_was_damaged_on_its_way_is_no_object(far):
    # The stand-in takes a piece twice when its answer was lost; the real service does not.
    far.between.swallow = first(lambda method, _: method == "PUT")
    with pytest.raises(Unavailable, match="damaged"):
        far.put(bytes(20 * MIB))
    assert far.objects.stat("a.txt") is None


def test_a_link_names_the_generation_that_it_opens(far):
    stored = far.put(b"seen")
    asked = parse_qs(urlsplit(far.objects.signed_url("a.txt", expires_s=90)).query)
    assert asked["generation"] == [str(stored.generation)]


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


def test_credentials_that_cannot_sign_are_refused(far):
    far.put(b"x")
    with pytest.raises(Refused, match="cannot sign"):
        GcsObjects(client_of(far.between.url), far.bucket).signed_url("a.txt", expires_s=60)
