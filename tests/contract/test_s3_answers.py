"""What an S3 service answers, in our own errors: one clear line each, with the mend."""

from __future__ import annotations

import pytest
from botocore import exceptions as boto

from lib.adapters.s3.answers import Absent, Beyond, Broken, Unmet, answering_for
from lib.core.errors import Refused, Unavailable


def said(status: int, code: str, words: str = "") -> boto.ClientError:
    meta = {"HTTPStatusCode": status}
    told = {"Error": {"Code": code, "Message": words}, "ResponseMetadata": meta}
    return boto.ClientError(told, "GetObject")


ANSWERS = [
    (said(404, "NoSuchBucket", "gone"), Refused, "no such bucket", "endpoint"),
    (said(403, "AccessDenied", "Access Denied"), Refused, "forbidden: Access", "s3:ListBucket"),
    (said(403, "InvalidObjectState", "cold"), Refused, "in an archive: cold", "restore it"),
    (said(403, "403"), Refused, "forbidden: 403", "s3:GetObject"),
    (said(403, "InvalidAccessKeyId", "who?"), Refused, "valid credentials: who", "AWS_ACCESS"),
    (said(403, "SignatureDoesNotMatch", "no"), Refused, "valid credentials: no", "AWS_ACCESS"),
    (said(400, "ExpiredToken", "old"), Refused, "valid credentials: old", "AWS_ACCESS"),
    (said(403, "RequestTimeTooSkewed", "late"), Refused, "refused: late", "clock"),
    (said(301, "PermanentRedirect", "go"), Refused, "another region: go", "--region"),
    (said(400, "AuthorizationHeaderMalformed", "x"), Refused, "another region", "--region"),
    (said(400, "400", "Bad Request\nmore"), Refused, "refused: Bad Request$", "region"),
    (said(503, "SlowDown", "slow"), Unavailable, "could not be reached: slow", ""),
    (said(500, "InternalError", "oh"), Unavailable, "could not be reached: oh", ""),
    (boto.NoCredentialsError(), Refused, "without valid credentials", "aws configure"),
    (boto.EndpointConnectionError(endpoint_url="u"), Unavailable, "could not be reached", ""),
    (boto.ReadTimeoutError(endpoint_url="u"), Unavailable, "could not be reached", ""),
    (boto.SSLError(endpoint_url="u", error="e"), Unavailable, "could not be reached", ""),
    (OSError("disk full"), Unavailable, "could not be reached: disk full", ""),
]


@pytest.mark.parametrize(("answer", "ours", "words", "mend"), ANSWERS)
def test_an_answer_that_nobody_judges_becomes_our_own_error(answer, ours, words, mend):
    with pytest.raises(ours, match=f"^media/a.*{words}") as caught, answering_for("media/a"):
        raise answer
    assert mend in getattr(caught.value, "hint", "")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "judged"),
    [
        (said(404, "404"), Absent),
        (said(404, "NoSuchKey"), Absent),
        (said(412, "PreconditionFailed"), Unmet),
        (said(409, "ConditionalRequestConflict"), Unmet),
        (said(416, "InvalidRange"), Beyond),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), Broken),
        (boto.ResponseStreamingError(error="cut"), Broken),
    ],
)
def test_what_only_the_caller_can_judge_is_left_to_it(answer, judged):
    with pytest.raises(judged), answering_for("media/a"):
        raise answer
