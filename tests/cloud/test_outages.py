"""A service that is away in the middle of a burst: nothing is lost, nothing is made twice.

The functions are told to be patient for seconds only, so that every outage outlasts their patience.
``OUTAGE_S=120`` makes each as long as a bad one at Google.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from lib.app.verify import verify
from lib.core.work import Outcome
from tests.app.crank import OWNER
from tests.cloud.cloud import Cloud
from tests.cloud.evidence import LIMIT_S, cases, made_here, wait_until_same

OUTAGE_S = float(os.environ.get("OUTAGE_S", "12"))
SPEC: dict[str, Any] = {"kind": "test", "brands": ["night-sky", "two-wheels"], "posts": 1}


def storage(cloud: Cloud, away: Callable[[], bool]) -> None:
    cloud.objects.answer = lambda *_: 503 if away() else None


def firestore(cloud: Cloud, away: Callable[[], bool]) -> None:
    cloud.records.answer = lambda: grpc.StatusCode.UNAVAILABLE if away() else None


def tasks(cloud: Cloud, away: Callable[[], bool]) -> None:
    cloud.tasks.answer = lambda: grpc.StatusCode.UNAVAILABLE if away() else None


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what the embedded studio makes of the burst."""
    return made_here(tmp_path_factory.mktemp("here"), {**SPEC, "reels": 1})


@pytest.mark.parametrize("service", [storage, firestore, tasks])
def test_a_burst_outlasts_an_outage(
    cloud: Cloud, here: Any, service: Callable[[Cloud, Callable[[], bool]], None]
) -> None:
    over, refused = threading.Event(), []

    def away() -> bool:
        if not over.is_set():
            refused.append(service)
        return not over.is_set()

    burst = cloud.ask("/bursts", {**SPEC, "reels": 1, "key": "one"})
    cloud.wait_for(lambda: cloud.uploads() >= 5, LIMIT_S)
    service(cloud, away)
    over.wait(OUTAGE_S)
    over.set()
    cloud.until(burst["id"], "complete", LIMIT_S)
    studio = cloud.studio()
    wait_until_same(cloud, here)
    assert verify(studio, OWNER).lies == []
    found = cases(studio)
    assert cloud.uploads() == sum(len(case.work.plan.artifacts()) for case in found)
    ends = [attempt.outcome for case in found for attempt in case.attempts]
    assert Outcome.FAILED not in ends
    assert refused, "nobody asked the service while it was away"
