"""Who signs links: a key at hand, or IAM in the name of the service account that runs us.

Called by ``objects.py``. A function in the cloud has no key file; it asks IAM's signBlob, for which
its service account needs the role "token creator" on itself.
"""

from __future__ import annotations

import threading
from typing import Any

from google.auth import credentials as auth
from google.auth.transport.requests import Request

from lib.core.errors import Refused


class Signer:
    """The signature of one identity."""

    def __init__(self, credentials: Any) -> None:
        """Sign as these credentials; nothing is asked yet."""
        self._credentials = credentials
        self._refreshing = threading.Lock()

    def arguments(self) -> dict[str, Any]:
        """Return what the client's ``generate_signed_url`` needs. Raises Refused."""
        own = self._credentials
        if isinstance(own, auth.Signing):
            return {"credentials": own}
        if not hasattr(own, "service_account_email"):
            raise Refused(
                "these credentials cannot sign links",
                hint="run as a service account of the project",
            )
        with self._refreshing:
            if not own.valid:
                own.refresh(Request())
        return {"service_account_email": own.service_account_email, "access_token": own.token}
