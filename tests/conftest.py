"""What every test stands on: an environment without our settings, and honest skips."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before anything imports gRPC: its handlers may abort the child when we start a tool by a fork.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

CI = os.environ.get("CI") == "true"
#: Rooms whose tests run whole studios and wait for them: one of these at a time.
STUDIOS = ("cloud", "e2e", "process")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together where files run side by side, and studios after each other."""
    for item in items:
        room = item.path.relative_to(Path(__file__).parent).parts[0]
        group = "studios" if room in STUDIOS else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BRANDCAST_"):
            monkeypatch.delenv(name)


def missing(what: str) -> None:
    """Say that a need of a test is missing: a skip on a laptop, a failure in CI."""
    if CI:
        pytest.fail(f"{what} is missing, and CI must have it")
    pytest.skip(f"{what} is missing")
