"""Google's own Firestore emulator, where this machine has it."""

from __future__ import annotations

import itertools

from google.cloud import firestore

from lib.adapters.gcp.clients import firestore_client
from tests.stand_ins.gcloud import jar
from tests.stand_ins.process import StandIn

FIRESTORE = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_numbers = itertools.count()


class FirestoreEmulator(StandIn):
    """One emulator, with its documents in memory."""

    def command(self) -> list[str]:
        """Return what to run."""
        command = ["java", "-Duser.language=en", "-cp", str(jar(FIRESTORE)), MAIN]
        return [*command, "--host", "127.0.0.1", "--port", str(self.port)]

    def client(self) -> firestore.Client:
        """Return the adapters' client, on an empty database."""
        project = f"contract-{next(_numbers)}"
        return firestore_client(project, "(default)", endpoint=f"127.0.0.1:{self.port}")
