"""Google's own clients, as the adapters of this folder want them."""

from __future__ import annotations

from typing import Any

from google.cloud.storage import Client


def storage_client(project: str, *, credentials: Any = None, endpoint: str | None = None) -> Client:
    """Return a client of Cloud Storage, by default with the credentials of the environment.

    ``endpoint`` is a stand-in's address.
    """
    options = {"api_endpoint": endpoint} if endpoint else None
    client = Client(project=project, credentials=credentials, client_options=options)
    # For its traces it asks for every bucket's place, in a thread that tries for minutes: a request
    # that we would pay, a right that our functions do not have, and work outside of any request.
    client._bucket_metadata_cache = None  # noqa: SLF001 - its own switch is a variable for all
    return client
