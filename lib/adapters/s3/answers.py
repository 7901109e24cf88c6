"""Say in our own errors what an S3 service answered.

Called around every call of a client. A wrong bucket, region or key, a missing permission and a
service that cannot be reached are told apart, each with what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto

from lib.core.errors import Refused, Unavailable

#: Seconds after which a caller may try again.
RETRY_AFTER_S = 5.0

_KEYS = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
    "InvalidClientTokenId",
}
_PLACE = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_NO_KEYS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.SSOError,
    boto.TokenRetrievalError,
)
KEYS_HINT = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run 'aws configure'"


class Absent(Exception):
    """There is no such object, version or upload; or no bucket, where the answer had no words."""


class Unmet(Exception):
    """A precondition did not hold; ``again`` when two writers were at it at the same time."""

    def __init__(self, *, again: bool = False) -> None:
        super().__init__()
        self.again = again


class Beyond(Exception):
    """The range begins behind the end of the object."""


class Broken(Exception):
    """The bytes did not come whole; ``str`` says how."""


@contextmanager
def answering_for(what: str) -> Iterator[None]:
    """Translate what the block raises; ``what`` names the thing asked for.

    Raises Absent, Unmet, Beyond or Broken, which only the caller can judge; Refused when asking
    again would not help, Unavailable when it may.
    """
    try:
        yield
    except boto.ClientError as error:
        raise _translated(what, error) from error
    except (boto.IncompleteReadError, boto.ResponseStreamingError) as error:
        raise Broken("the connection was cut") from error
    except boto.FlexibleChecksumError as error:
        raise Broken("its checksum is another") from error
    except _NO_KEYS as error:
        words = f"{what} was asked for without valid credentials: {_first_line(error)}"
        raise Refused(words, hint=KEYS_HINT) from error
    except (boto.ParamValidationError, boto.InvalidRegionError) as error:
        words = str(error).replace("Parameter validation failed:", "").strip()
        raise Refused(
            f"{what} is no name for S3: {words.splitlines()[0][:300]}", hint="mend the name"
        ) from error
    except (boto.BotoCoreError, OSError) as error:
        raise Unavailable(
            f"{what} could not be reached: {_first_line(error)}", retry_after_s=RETRY_AFTER_S
        ) from error


def _translated(what: str, error: boto.ClientError) -> Exception:
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = str(error.response.get("Error", {}).get("Code", ""))
    words = str(error.response.get("Error", {}).get("Message", "")) or code
    said = words.splitlines()[0][:300] if words else f"status {status}"
    if code == "NoSuchBucket":
        return Refused(f"{what}: there is no such bucket", hint="check its name and the endpoint")
    if status == 404:
        return Absent(what)
    if status in (409, 412):
        return Unmet(again=status == 409)
    if status == 416:
        return Beyond(what)
    if status >= 500 or status == 429 or code in ("SlowDown", "RequestTimeout"):
        return Unavailable(f"{what} could not be reached: {said}", retry_after_s=RETRY_AFTER_S)
    sentence, hint = _refusal(what, status, code, said)
    return Refused(sentence, hint=hint)


def _refusal(what: str, status: int, code: str, said: str) -> tuple[str, str]:
    """Return the sentence of a refusal with its hint."""
    if code in _KEYS or status == 401:
        return f"{what} was asked for without valid credentials: {said}", KEYS_HINT
    if code == "RequestTimeTooSkewed":
        return f"{what} was refused: {said}", "set the clock of this machine"
    if code in _PLACE or status in (301, 307):
        return f"{what} is in another region: {said}", "name it with --region"
    if code == "InvalidObjectState":
        return f"{what} lies in an archive: {said}", "restore it first"
    if status == 403:
        return (
            f"{what} is forbidden: {said}",
            "allow s3:GetObject and s3:ListBucket (for writing s3:PutObject and s3:DeleteObject)",
        )
    # A look at one object is answered without words, whatever the reason.
    hint = "check the region and whether the credentials are still valid"
    return f"{what} was refused: {said}", hint


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
