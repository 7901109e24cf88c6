"""What every test stands on: an environment without our settings, and honest skips."""

from __future__ import annotations

import os

import pytest

# Before anything imports gRPC: its handlers may abort the child when we start a tool by a fork.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

CI = os.environ.get("CI") == "true"


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
