"""What the code knows about its own deployment: names, time limits, attempts.

Read by ``./brandcast deploy constants``, which writes it where Terraform reads it, so that no
number is kept in two places. A pure table: it knows no cloud and asks nothing.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import main
from lib.core.tools import MAX_DELIVERIES, QUEUES, ladder

#: Seconds within which an object's event is settled: a look at a work's objects, one write, and
#: at worst the patience of one request to the bucket.
EVENT_S = 180
#: Seconds that Pub/Sub waits for the answer; longer, so that two deliveries do not overlap.
EVENT_ACK_S = 240
#: Seconds of one tick, and what Cloud Scheduler waits for it.
TICK_S = 540
TICK_DEADLINE_S = 570
#: Seconds in which a page is answered; nobody waits longer for one.
API_S = 60
#: Requests that one instance takes at a time, by service. A renderer takes one and has one thread:
#: only then does its time limit end the work itself, and not just the waiting for it.
THREADS = {"on-object": 8, "on-step-desk": 4, "on-step-render": 1, "on-tick": 1, "studio-api": 20}
#: What ``BRANDCAST_MODE`` is in every service.
MODE = "gcp"
#: What Terraform sets in the environment of every service, besides what the framework reads.
ENVIRONMENT = (
    "BRANDCAST_MODE",
    "BRANDCAST_DATA",
    "BRANDCAST_PROJECT",
    "BRANDCAST_REGION",
    "BRANDCAST_BUCKET",
    "BRANDCAST_DATABASE",
    "BRANDCAST_STEP_DESK_URL",
    "BRANDCAST_STEP_RENDER_URL",
    "BRANDCAST_TASKS_ACCOUNT",
)
#: Keys of log lines (``event``) that alerts count.
CORRECTED = "record_corrected"
BREAKER = "breaker_opened"
TICK_ENDED = "tick_ended"


@dataclass(frozen=True, slots=True)
class Service:
    """One deployed service: the image with one function of ``main.py`` as its entry."""

    function: str
    #: How the framework calls the function: "http" or "cloudevent".
    signature: str
    timeout_s: int
    #: Requests at the same time, and threads that serve them.
    threads: int


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """One task queue. Delivery ends when *both* the attempts and the time are spent."""

    max_attempts: int
    #: Until the attempt's lease is over: what is delivered later finds it given up.
    max_retry_s: int
    #: The deadline that each task carries.
    dispatch_s: int
    min_backoff_s: int
    max_backoff_s: int
    max_doublings: int


def services() -> dict[str, Service]:
    """Return every service by its name. Raises KeyError when one names no function."""
    table = {
        "on-object": ("on_object", "cloudevent", EVENT_S),
        "on-tick": ("on_tick", "http", TICK_S),
        "studio-api": ("studio_api", "http", API_S),
    }
    table |= {
        f"on-step-{queue}": ("on_step", "http", int(ladder(queue).request_s)) for queue in QUEUES
    }
    unknown = {function for function, _, _ in table.values()} ^ main.FUNCTIONS
    if unknown:
        raise KeyError(f"services and functions differ: {', '.join(sorted(unknown))}")
    return {
        name: Service(function, signature, timeout_s, THREADS[name])
        for name, (function, signature, timeout_s) in sorted(table.items())
    }


def queues() -> dict[str, QueueLimits]:
    """Return the limits of every queue by its name."""
    return {
        queue: QueueLimits(
            max_attempts=MAX_DELIVERIES,
            max_retry_s=int(ladder(queue).lease_s),
            dispatch_s=int(ladder(queue).dispatch_s),
            min_backoff_s=1,
            max_backoff_s=30,
            max_doublings=5,
        )
        for queue in QUEUES
    }


def constants() -> dict[str, Any]:
    """Return everything that Terraform takes from the code, as JSON values."""
    return {
        "services": {name: asdict(service) for name, service in services().items()},
        "queues": {name: asdict(limits) for name, limits in queues().items()},
        "events": {
            "ack_s": EVENT_ACK_S,
            "max_attempts": MAX_DELIVERIES,
            "min_backoff_s": 10,
            "max_backoff_s": 600,
        },
        "tick": {"schedule": "* * * * *", "deadline_s": TICK_DEADLINE_S, "retries": 1},
        "mode": MODE,
        "logged": {"corrected": CORRECTED, "breaker": BREAKER, "tick_ended": TICK_ENDED},
    }


def tfvars() -> str:
    """Return the text of ``infra/constants.auto.tfvars.json``."""
    return json.dumps({"constants": constants()}, indent=2) + "\n"
