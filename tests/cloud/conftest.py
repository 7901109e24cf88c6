"""The cloud of the tests; without Google's emulators there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.cloud import Cloud
from tests.conftest import missing
from tests.stand_ins.firestore_emulator import FIRESTORE
from tests.stand_ins.gcloud import jar
from tests.stand_ins.pubsub_emulator import PUBSUB


def needed() -> None:
    """Say what of Google's emulators is missing here."""
    for pattern in (FIRESTORE, PUBSUB):
        if jar(pattern) is None:
            missing("Google's emulators (they come with the Google Cloud command line)")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """Return a running cloud with an empty bucket."""
    needed()
    with Cloud(tmp_path, patience_s=3) as running:
        yield running
