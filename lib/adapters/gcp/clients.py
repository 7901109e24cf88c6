"""Google's own clients, as the adapters of this folder want them.

Each takes the credentials of the environment. ``endpoint`` is a stand-in's address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.cloud import firestore, storage, tasks_v2


def storage_client(project: str, *, credentials: Any = None, endpoint: str = "") -> storage.Client:
    """Return a client of Cloud Storage; ``endpoint`` is a URL."""
    from google.cloud.storage import Client

    options = {"api_endpoint": endpoint} if endpoint else None
    client = Client(project=project, credentials=credentials, client_options=options)
    # For its traces it asks for every bucket's place, in a thread that tries for minutes: a request
    # that we would pay, a right that our functions do not have, and work outside of any request.
    client._bucket_metadata_cache = None  # noqa: SLF001 - its own switch is a variable for all
    return client


def firestore_client(project: str, database: str, *, endpoint: str = "") -> firestore.Client:
    """Return a client of Firestore; ``endpoint`` is host and port, without encryption."""
    from google.cloud import firestore

    if not endpoint:
        return firestore.Client(project=project, database=database)
    client = firestore.Client(project=project, database=database, credentials=_nobody())
    client._emulator_host = endpoint  # noqa: SLF001 - its own switch is a variable for all
    return client


def tasks_client(*, endpoint: str = "") -> tasks_v2.CloudTasksClient:
    """Return a client of Cloud Tasks; ``endpoint`` is host and port, without encryption."""
    from google.cloud import tasks_v2

    if not endpoint:
        return tasks_v2.CloudTasksClient()
    import grpc
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

    return tasks_v2.CloudTasksClient(
        transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(endpoint))
    )


def _nobody() -> Any:
    from google.auth.credentials import AnonymousCredentials

    return AnonymousCredentials()  # type: ignore[no-untyped-call]
