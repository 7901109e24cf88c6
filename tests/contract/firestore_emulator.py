"""Google's own Firestore emulator, where this machine has it."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_numbers = itertools.count()


def jar() -> Path | None:
    """Return the emulator that comes with Google's command line, or None."""
    gcloud = shutil.which("gcloud")
    found = Path(gcloud).resolve().parent.parent / JAR if gcloud else None
    return found if found and found.is_file() and shutil.which("java") else None


class FirestoreEmulator:
    """One emulator in memory, on a port of its own, until the block ends."""

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = ["java", "-Duser.language=en", "-cp", str(jar()), MAIN]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()

    def client(self) -> firestore.Client:
        """Return Google's own client, on an empty database."""
        os.environ["FIRESTORE_EMULATOR_HOST"] = f"127.0.0.1:{self.port}"
        try:
            return firestore.Client(
                project=f"contract-{next(_numbers)}",
                credentials=AnonymousCredentials(),
                client_options=ClientOptions(),
            )
        finally:
            del os.environ["FIRESTORE_EMULATOR_HOST"]
