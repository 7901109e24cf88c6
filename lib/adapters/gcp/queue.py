"""The task queues in Cloud Tasks.

Called through the port ``Queue``. Each task is a POST with our identity to the function that serves
its queue, under a name of ours: sending it a second time stores nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.api_core import exceptions as api
from google.api_core.retry import Retry, if_exception_type
from google.cloud import tasks_v2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from lib.adapters.asked import check_queue, payload_of
from lib.adapters.gcp.answers import AWAY, Tries, answering_for
from lib.ports import Task

#: Seconds that one request may take, and all tries of it together.
TIMEOUT_S = 10.0
PATIENCE_S = 30.0
_may_come_again = if_exception_type(*AWAY, api.DeadlineExceeded)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the tasks of a queue are sent."""

    url: str
    #: The service account whose identity they carry.
    account: str
    #: Seconds after which the queue stops listening and sends the task again.
    dispatch_s: float


class CloudTasks:
    """The queues of one project and region."""

    def __init__(
        self,
        client: tasks_v2.CloudTasksClient,
        place: tuple[str, str],
        targets: Mapping[str, Target],
        *,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """Stand for the queues named in ``targets``; ``place`` is project and region.

        A request is tried again for ``patience_s``.
        """
        self._client = client
        self._place = place
        self._targets = dict(targets)
        self._patience_s = patience_s

    def enqueue(self, task: Task) -> bool:
        """Store the task; False when its name is in use or was lately; see the port."""
        check_queue(task.queue, self._targets)
        payload = payload_of(task)
        queue = self._client.queue_path(*self._place, task.queue)
        tries = Tries(_may_come_again)
        try:
            with answering_for(f"the queue {task.queue} in {self._place[1]}", api.AlreadyExists):
                self._client.create_task(
                    parent=queue,
                    task=self._message(f"{queue}/tasks/{task.name}", task, payload),
                    timeout=TIMEOUT_S,
                    retry=Retry(predicate=tries, timeout=self._patience_s),
                )
        except api.AlreadyExists:
            # When an answer was lost, the task that exists is the one that we sent.
            return tries.lost
        return True

    def _message(self, name: str, task: Task, payload: str) -> tasks_v2.Task:
        target = self._targets[task.queue]
        request = tasks_v2.HttpRequest(
            url=target.url,
            http_method=tasks_v2.HttpMethod.POST,
            headers={"Content-Type": "application/json"},
            body=payload.encode(),
            # Without an audience of its own, the token is for the URL.
            oidc_token=tasks_v2.OidcToken(service_account_email=target.account),
        )
        message = tasks_v2.Task(
            name=name,
            http_request=request,
            dispatch_deadline=Duration(seconds=round(target.dispatch_s)),
        )
        if task.not_before > 0:
            micros = round(task.not_before * 1_000_000)
            at = Timestamp()
            at.FromMicroseconds(micros)
            message.schedule_time = at
        return message
