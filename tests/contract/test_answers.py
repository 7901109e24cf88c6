"""What Google's services answer, in our own errors: one clear line each, with the mend."""

from __future__ import annotations

import pytest
import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from lib.adapters.gcp.answers import answering_for
from lib.core.errors import Refused, Unavailable

ANSWERS = [
    (api.NotFound("no database (default)"), Refused, "nowhere: no database", "check project"),
    (api.FailedPrecondition("needs an index"), Refused, "needs an index", "deploy the indexes"),
    (api.Forbidden("no storage.get"), Refused, "forbidden: no storage.get", "infra/README.md"),
    (api.Unauthorized("who?"), Refused, "without valid credentials", "gcloud auth"),
    (auth.DefaultCredentialsError("none"), Refused, "without valid credentials", "gcloud auth"),
    (api.BadRequest("bad name\nand more"), Refused, "was refused: bad name$", "mend the name"),
    (api.ServiceUnavailable("away"), Unavailable, "could not be reached: away", ""),
    (api.Aborted("contended"), Unavailable, "could not be reached: contended", ""),
    (auth.TransportError("no way"), Unavailable, "could not be reached: no way", ""),
    (requests.ConnectionError("cut"), Unavailable, "could not be reached: cut", ""),
]


@pytest.mark.parametrize(
    ("answer", "ours", "words", "mend"), ANSWERS, ids=[type(a[0]).__name__ for a in ANSWERS]
)
def test_an_answer_that_nobody_judges_becomes_our_own_error(answer, ours, words, mend):
    with pytest.raises(ours, match=f"^works/a .*{words}") as caught, answering_for("works/a"):
        raise answer
    assert mend in getattr(caught.value, "hint", "")
    assert "\n" not in str(caught.value)


def test_an_answer_that_the_caller_judges_is_left_to_it():
    with pytest.raises(api.NotFound), answering_for("works/a", api.NotFound):
        raise api.NotFound("gone")
