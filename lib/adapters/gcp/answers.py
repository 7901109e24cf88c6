"""Say in our own errors what Google's services answered.

Called around every call of a client. A wrong project, a missing permission and a service that
cannot be reached are told apart, each with what to do about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import DataCorruption

from lib.core.errors import Refused, Unavailable

#: Seconds after which a caller may try again when the service named none.
RETRY_AFTER_S = 5.0
#: Answers by gRPC after which the same request is sent again.
AWAY = (
    api.ServiceUnavailable,
    api.ResourceExhausted,
    api.InternalServerError,
    api.Aborted,
)


@contextmanager
def answering_for(what: str, *judged: type[api.GoogleAPICallError]) -> Iterator[None]:
    """Translate what the block raises; ``what`` names the service and the thing asked for.

    Answers in ``judged`` pass through: the caller knows what they mean. Raises Refused when
    asking again would not help, Unavailable when it may.
    """
    try:
        yield
    except judged:
        raise
    except api.NotFound as error:
        raise Refused(
            f"{what} is nowhere: {_words(error)}",
            hint="check project, region and name, or create what is missing with infra/",
        ) from error
    except api.FailedPrecondition as error:
        raise Refused(
            f"{what} is not set up for this: {_words(error)}",
            hint="deploy the indexes and settings of infra/",
        ) from error
    except api.Forbidden as error:
        raise Refused(
            f"{what} is forbidden: {_words(error)}",
            hint="give this service account the role that infra/README.md names for it",
        ) from error
    except (api.Unauthorized, auth.DefaultCredentialsError, auth.RefreshError) as error:
        raise Refused(
            f"{what} was asked for without valid credentials: {_words(error)}",
            hint="run 'gcloud auth application-default login', or set the service account",
        ) from error
    except api.BadRequest as error:
        raise Refused(
            f"{what} was refused: {_words(error)}", hint="mend the name or the value"
        ) from error
    except DataCorruption as error:
        raise Unavailable(f"{what} was damaged on its way", retry_after_s=1.0) from error
    except (api.GoogleAPIError, auth.GoogleAuthError, requests.RequestException, OSError) as error:
        raise Unavailable(
            f"{what} could not be reached: {_words(error)}", retry_after_s=RETRY_AFTER_S
        ) from error


class Tries:
    """Whether a try of a request ended without an answer, so that nobody knows what it did.

    Stands where a client's retry wants its predicate.
    """

    def __init__(self, again: Callable[[Exception], bool]) -> None:
        """Judge by ``again`` whether a request is sent once more."""
        self.lost = False
        self._again = again

    def __call__(self, error: Exception) -> bool:
        """Tell whether to try again after this error, and remember that there was one."""
        again = self._again(error)
        self.lost = self.lost or again
        return again


def _words(error: Exception) -> str:
    """Return the first line of what was said; clients append whole responses."""
    text = error.message if isinstance(error, api.GoogleAPICallError) else str(error)
    return (text or type(error).__name__).splitlines()[0][:300]
