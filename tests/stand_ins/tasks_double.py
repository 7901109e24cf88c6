"""A strict double of Cloud Tasks, for there is no emulator of it.

Google's own client talks to it by gRPC. It refuses what the service documents to refuse, keeps names
taken after a task is gone, and hands tasks over by the documented arithmetic of rates, deadlines and
retries. It cannot show that Google accepts our tokens, nor how long a name really stays taken.
"""

from __future__ import annotations

import base64
import json
import math
import re
import threading
from collections.abc import Callable, Iterable
from concurrent import futures
from dataclasses import dataclass
from typing import Any, Self

import grpc
from google.cloud import tasks_v2

from lib.ports import Clock
from tests.stand_ins.tasks_terms import Bucket, backoff_s, is_spent

SERVICE = "google.cloud.tasks.v2.CloudTasks"
#: Seconds for which a name stays taken after its task is gone; the service says "up to 24 hours".
TOMBSTONE_S = 3600.0
MOST_TASK = 1024 * 1024
MOST_URL = 2083
MOST_AHEAD_S = 30 * 24 * 3600.0
DEADLINE_S = (15.0, 1800.0)
_ACCOUNT = re.compile(r"[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,500}")


@dataclass
class _Stored:
    message: tasks_v2.Task
    queue: str
    due_at: float
    #: Handovers so far, and answers to them that were no 5xx.
    tries: int = 0
    answers: int = 0
    first_at: float = math.inf
    #: Until when the queue listens; None while the task waits.
    until: float | None = None
    last_status: int | None = None


@dataclass(frozen=True)
class Handover:
    """One task handed over; ``tries`` counts this one too."""

    message: tasks_v2.Task
    tries: int
    headers: dict[str, str]
    deadline_s: float


class TasksDouble:
    """Queues in memory, on a port of the loopback until the block ends."""

    def __init__(self, clock: Clock, queues: Iterable[tasks_v2.Queue]) -> None:
        self._clock = clock
        self._queues = {queue.name: queue for queue in queues}
        self._buckets = {name: Bucket(q, clock.now()) for name, q in self._queues.items()}
        self._stored: dict[str, _Stored] = {}
        self._taken_until: dict[str, float] = {}
        self._changing = threading.RLock()
        #: Names of tasks that were deleted after their last try: the service says so to nobody.
        self.given_up: list[str] = []
        #: Every request to create a task; asked first, a status is answered instead of acting.
        self.requests: list[tasks_v2.CreateTaskRequest] = []
        self.answer: Callable[[], grpc.StatusCode | None] = lambda: None
        #: Asked after acting; True loses the answer.
        self.swallow: Callable[[], bool] = lambda: False

    def __enter__(self) -> Self:
        create = grpc.unary_unary_rpc_method_handler(
            self._create,
            request_deserializer=tasks_v2.CreateTaskRequest.deserialize,
            response_serializer=tasks_v2.Task.serialize,
        )
        self._server = grpc.server(futures.ThreadPoolExecutor(8))
        handler = grpc.method_handlers_generic_handler(SERVICE, {"CreateTask": create})
        self._server.add_generic_rpc_handlers((handler,))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(0).wait()

    def hand_over(self, queue: str, limit: int = 1) -> list[Handover]:
        """Hand over what is due, as many as the queue's limits allow."""
        with self._changing:
            now = self._clock.now()
            self._expire(now)
            terms = self._queues[queue]
            mine = [stored for stored in self._stored.values() if stored.queue == queue]
            running = sum(stored.until is not None for stored in mine)
            free = (terms.rate_limits.max_concurrent_dispatches or 1000) - running
            due = sorted(
                (s for s in mine if s.until is None and s.due_at <= now), key=lambda s: s.due_at
            )
            granted = self._buckets[queue].take(min(limit, free, len(due)), now)
            return [self._hand(stored, now) for stored in due[:granted]]

    def answered(self, handover: Handover, status: int, retry_after_s: float = 0.0) -> None:
        """Take the answer to a handover; one that comes too late is heard by nobody."""
        with self._changing:
            self._expire(self._clock.now())
            stored = self._stored.get(handover.message.name)
            if stored is None or stored.until is None or stored.tries != handover.tries:
                return
            stored.answers += status < 500
            if 200 <= status < 300:
                self._remove(handover.message.name, self._clock.now())
            else:
                stored.last_status = status
                wait_s = retry_after_s if status in (429, 503) else 0.0
                self._try_again(stored, self._clock.now(), wait_s)

    def waiting(self) -> int:
        """Return how many tasks there are, running ones too."""
        with self._changing:
            return len(self._stored)

    def _create(self, request: tasks_v2.CreateTaskRequest, context: Any) -> tasks_v2.Task:
        self.requests.append(request)
        instead = self.answer()
        if instead is not None:
            context.abort(instead, "as the test wishes")
        with self._changing:
            fault = self._fault(request)
            if fault is not None:
                context.abort(*fault)
            message, now = request.task, self._clock.now()
            at = message.schedule_time
            due_at = max(now, at.timestamp() if at else now)
            self._stored[message.name] = _Stored(message, request.parent, due_at)
        if self.swallow():
            context.abort(grpc.StatusCode.UNAVAILABLE, "the answer is lost")
        return message

    def _fault(self, request: tasks_v2.CreateTaskRequest) -> tuple[grpc.StatusCode, str] | None:
        """Return why the service would refuse this task."""
        if request.parent not in self._queues:
            return grpc.StatusCode.NOT_FOUND, "Requested entity was not found."
        wrong = _wrong(request, self._clock.now())
        if wrong:
            return grpc.StatusCode.INVALID_ARGUMENT, wrong
        name, now = request.task.name, self._clock.now()
        self._expire(now)
        if name in self._stored or self._taken_until.get(name, 0.0) > now:
            return grpc.StatusCode.ALREADY_EXISTS, "Requested entity already exists"
        return None

    def _expire(self, now: float) -> None:
        for stored in list(self._stored.values()):
            if stored.until is not None and stored.until <= now:
                self._try_again(stored, stored.until, 0.0)

    def _try_again(self, stored: _Stored, now: float, wait_s: float) -> None:
        terms = self._queues[stored.queue].retry_config
        stored.until = None
        if is_spent(terms, stored.tries, now - stored.first_at):
            self.given_up.append(stored.message.name)
            self._remove(stored.message.name, now)
        else:
            stored.due_at = now + max(wait_s, backoff_s(terms, stored.tries))

    def _remove(self, name: str, now: float) -> None:
        del self._stored[name]
        self._taken_until[name] = now + TOMBSTONE_S

    def _hand(self, stored: _Stored, now: float) -> Handover:
        message = stored.message
        deadline_s = message.dispatch_deadline.total_seconds() or 600.0
        headers = {
            **message.http_request.headers,
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": stored.queue.rpartition("/")[2],
            "X-CloudTasks-TaskName": message.name.rpartition("/")[2],
            "X-CloudTasks-TaskRetryCount": str(stored.tries),
            "X-CloudTasks-TaskExecutionCount": str(stored.answers),
            "X-CloudTasks-TaskETA": f"{stored.due_at:.6f}",
            "Authorization": f"Bearer {_token(message.http_request)}",
        }
        if stored.last_status is not None:
            headers["X-CloudTasks-TaskPreviousResponse"] = str(stored.last_status)
        stored.tries += 1
        stored.first_at = min(stored.first_at, now)
        stored.until = now + deadline_s
        return Handover(message, stored.tries, headers, deadline_s)


def _wrong(request: tasks_v2.CreateTaskRequest, now: float) -> str | None:
    """Return what of the documented limits a task does not keep."""
    task, http = request.task, request.task.http_request
    prefix, _, short = task.name.rpartition("/tasks/")
    deadline = task.dispatch_deadline.total_seconds() if task.dispatch_deadline else 600.0
    at = task.schedule_time.timestamp() if task.schedule_time else now
    faults = {
        "Task name must be below its queue": prefix != request.parent,
        "Task ID must match [A-Za-z0-9_-]{1,500}": _NAME.fullmatch(short) is None,
        "HttpRequest.url is required and must be a URL": not http.url.startswith("http"),
        "HttpRequest.url is too long": len(http.url) > MOST_URL,
        "Task size too large": len(tasks_v2.Task.serialize(task)) > MOST_TASK,
        "schedule_time is over 30 days ahead": at > now + MOST_AHEAD_S,
        "dispatch_deadline must be within [15s, 30m]": not (
            DEADLINE_S[0] <= deadline <= DEADLINE_S[1]
        ),
        "OidcToken.service_account_email is no service account": (
            _ACCOUNT.fullmatch(http.oidc_token.service_account_email) is None
        ),
        "Content-Type is not set: the body would arrive as application/octet-stream": (
            "Content-Type" not in http.headers
        ),
    }
    return next((words for words, is_so in faults.items() if is_so), None)


def _token(request: tasks_v2.HttpRequest) -> str:
    """Return an unsigned identity token with the claims that Google would sign."""
    claims = {
        "aud": request.oidc_token.audience or request.url,
        "email": request.oidc_token.service_account_email,
        "email_verified": True,
        "iss": "https://accounts.google.com",
    }
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts]
    return b".".join((*encoded, b"")).decode()
