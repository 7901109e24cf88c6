"""How the contract suite drives the double of Cloud Tasks, and what Cloud Tasks does not do."""

from __future__ import annotations

import json
from dataclasses import dataclass

from google.cloud import tasks_v2
from google.protobuf.duration_pb2 import Duration

from lib.adapters.local.dispatch import Limits
from lib.ports import Task
from tests.contract.deviations import Deviation, Deviations
from tests.stand_ins.tasks_double import Handover, TasksDouble

#: Project and region, and whose identity the tasks carry.
PLACE = ("contract", "europe-west1")
ACCOUNT = "tasks@contract.iam.gserviceaccount.com"
_GONE = Deviation(
    "Cloud Tasks deletes a task after its last try and tells nobody; the ledger goes on",
    "test_a_task_that_was_lost_before_it_began_is_enqueued_again_under_another_name",
)
#: Clauses that Cloud Tasks itself does not keep.
TASKS_DEVIATIONS: Deviations = {
    "test_a_task_that_always_fails_becomes_a_dead_letter": _GONE,
    "test_a_task_that_always_kills_its_executor_becomes_a_dead_letter": _GONE,
    "test_the_name_of_a_dead_letter_is_in_use": _GONE,
    "test_a_revived_dead_letter_has_all_its_tries_again": _GONE,
}


def path_of(queue: str) -> str:
    """Return a queue's full name."""
    return f"projects/{PLACE[0]}/locations/{PLACE[1]}/queues/{queue}"


def queue_of(name: str, limits: Limits) -> tasks_v2.Queue:
    """Return a queue of Cloud Tasks on the terms of one of ours."""
    rates = tasks_v2.RateLimits(
        max_dispatches_per_second=limits.rate_per_s or 500.0,
        max_burst_size=limits.burst if limits.rate_per_s else 1000,
        max_concurrent_dispatches=limits.concurrency or 1000,
    )
    retries = tasks_v2.RetryConfig(
        max_attempts=limits.max_tries,
        min_backoff=_duration(limits.first_retry_s),
        max_backoff=_duration(limits.most_retry_s),
        max_doublings=16,
    )
    return tasks_v2.Queue(name=path_of(name), rate_limits=rates, retry_config=retries)


@dataclass(frozen=True)
class Held:
    """A task in the hands of the suite."""

    task: Task
    tries: int
    handover: Handover


class DoubleHandovers:
    """The far side of the double."""

    def __init__(self, double: TasksDouble) -> None:
        self._double = double

    def take(self, queue: str, limit: int = 1) -> list[Held]:
        """Have up to ``limit`` due tasks handed over."""
        return [
            Held(_task(handover.message), handover.tries, handover)
            for handover in self._double.hand_over(path_of(queue), limit)
        ]

    def finish(self, held: Held) -> None:
        """Answer that the task is done."""
        self._double.answered(held.handover, 200)

    def fail(self, held: Held, _: str = "it failed") -> None:
        """Answer that the task must come again."""
        self._double.answered(held.handover, 500)


def _task(message: tasks_v2.Task) -> Task:
    queue, _, name = message.name.rpartition("/tasks/")
    at = message.schedule_time
    return Task(
        name=name,
        queue=queue.rpartition("/")[2],
        payload=json.loads(message.http_request.body),
        not_before=at.timestamp() if at else 0.0,
    )


def _duration(seconds: float) -> Duration:
    whole = int(seconds)
    return Duration(seconds=whole, nanos=round((seconds - whole) * 1e9))
