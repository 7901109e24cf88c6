"""What is special about tasks in Cloud Tasks: requests, lost answers, clear refusals; and its double."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator

import grpc
import pytest
from google.cloud import tasks_v2
from google.protobuf.duration_pb2 import Duration

from lib.adapters.clock import ManualClock
from lib.adapters.gcp.clients import tasks_client
from lib.adapters.gcp.queue import CloudTasks, Target
from lib.adapters.local.dispatch import Limits
from lib.core.errors import Refused, Unavailable
from lib.core.tools import QUEUES, ladder
from lib.ports import Task
from tests.contract.tasks_rig import ACCOUNT, PLACE, path_of, queue_of
from tests.stand_ins.tasks_double import TasksDouble
from tests.stand_ins.tasks_terms import backoff_s, is_spent

URL = "https://on-step-desk.test/"
TASK = Task("h4shed", "desk", {"work_id": "w-1", "step": "propose", "number": 1})


@pytest.fixture
def double() -> Iterator[TasksDouble]:
    with TasksDouble(ManualClock(), [queue_of("desk", Limits())]) as running:
        yield running


@pytest.fixture
def opened(double: TasksDouble) -> Iterator[Callable[..., CloudTasks]]:
    """Return a maker of queues on the double, or on another address."""
    clients: list[tasks_v2.CloudTasksClient] = []

    def make(region: str = PLACE[1], address: str = "", dispatch_s: float = 210.0) -> CloudTasks:
        clients.append(tasks_client(endpoint=address or double.address))
        targets = {"desk": Target(URL, ACCOUNT, dispatch_s)}
        return CloudTasks(clients[-1], (PLACE[0], region), targets, patience_s=1.5)

    yield make
    for client in clients:
        client.transport.close()


def once() -> Callable[[], bool]:
    answers = iter([True])
    return lambda: next(answers, False)


def test_a_task_is_a_post_with_our_identity_to_the_function_that_serves_its_queue(double, opened):
    assert opened().enqueue(TASK) is True
    (request,) = double.requests
    assert request.parent == path_of("desk")
    assert request.task.name == f"{path_of('desk')}/tasks/h4shed"
    http = request.task.http_request
    assert (http.url, http.http_method) == (URL, tasks_v2.HttpMethod.POST)
    assert http.oidc_token.service_account_email == ACCOUNT
    assert json.loads(http.body) == TASK.payload
    assert http.headers["Content-Type"] == "application/json"
    assert request.task.dispatch_deadline.total_seconds() == 210
    assert not request.task.schedule_time


def test_a_lost_answer_is_sent_again_and_is_no_second_task(double, opened):
    double.swallow = once()
    assert opened().enqueue(TASK) is True
    assert len(double.requests) == 2
    assert double.waiting() == 1


def test_a_name_that_is_taken_is_false_when_no_answer_was_lost(double, opened):
    queue = opened()
    queue.enqueue(TASK)
    assert queue.enqueue(TASK) is False
    assert len(double.requests) == 2


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.DEADLINE_EXCEEDED,
    ],
)
def test_a_service_that_is_away_for_a_moment_is_asked_again(double, opened, code):
    first = once()
    double.answer = lambda: code if first() else None
    assert opened().enqueue(TASK) is True


def test_a_service_that_stays_away_is_unavailable_and_stores_nothing(double, opened):
    double.answer = lambda: grpc.StatusCode.UNAVAILABLE
    with pytest.raises(Unavailable, match="the queue desk in europe-west1 could not be reached"):
        opened().enqueue(TASK)
    assert double.waiting() == 0


def test_an_address_where_nobody_listens_is_unavailable_in_one_line(opened):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(Unavailable, match="could not be reached") as caught:
            opened(address=address).enqueue(TASK)
    assert "\n" not in str(caught.value)


def test_a_queue_in_another_region_is_refused_by_name(opened):
    with pytest.raises(Refused, match="the queue desk in us-east1 is nowhere") as caught:
        opened(region="us-east1").enqueue(TASK)
    assert "region" in caught.value.hint


def test_a_missing_right_is_refused_with_the_place_that_names_the_role(double, opened):
    double.answer = lambda: grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(Refused, match="the queue desk in europe-west1 is forbidden") as caught:
        opened().enqueue(TASK)
    assert "infra/README.md" in caught.value.hint


def test_a_task_further_ahead_than_the_service_keeps_it_is_refused(double, opened):
    later = Task("later", "desk", {}, not_before=1_700_000_000 + 31 * 86_400)
    with pytest.raises(Refused, match="30 days"):
        opened().enqueue(later)
    assert double.waiting() == 0


@pytest.mark.parametrize("queue", QUEUES)
def test_the_service_takes_the_deadline_of_every_queue_of_ours(opened, queue):
    assert opened(dispatch_s=ladder(queue).dispatch_s).enqueue(TASK) is True


@pytest.mark.parametrize("dispatch_s", [14.0, 1801.0])
def test_the_double_refuses_a_deadline_that_the_service_would_refuse(opened, dispatch_s):
    with pytest.raises(Refused, match="dispatch_deadline"):
        opened(dispatch_s=dispatch_s).enqueue(TASK)


def test_the_double_waits_as_the_service_documents_it():
    terms = tasks_v2.RetryConfig(
        min_backoff=Duration(seconds=10), max_backoff=Duration(seconds=300), max_doublings=3
    )
    pauses = [backoff_s(terms, tries) for tries in range(1, 9)]
    assert pauses == [10, 20, 40, 80, 160, 240, 300, 300]


@pytest.mark.parametrize(
    ("attempts", "duration_s", "tries", "trying_s", "spent"),
    [
        (5, 0, 5, 1, True),
        (5, 3600, 5, 60, False),  # both limits, not whichever is first
        (5, 3600, 4, 3600, False),
        (5, 3600, 5, 3600, True),
        (-1, 3600, 900, 3599, False),
        (-1, 3600, 1, 3600, True),
        (-1, 0, 900, 30 * 86_400, False),
        (-1, 0, 900, 31 * 86_400, True),
    ],
)
def test_the_double_gives_up_only_when_both_limits_are_reached(
    attempts, duration_s, tries, trying_s, spent
):
    terms = tasks_v2.RetryConfig(
        max_attempts=attempts, max_retry_duration=Duration(seconds=duration_s)
    )
    assert is_spent(terms, tries, trying_s) is spent


def test_the_double_waits_as_long_as_the_function_asks(double, opened):
    clock = double._clock
    opened().enqueue(TASK)
    (held,) = double.hand_over(path_of("desk"))
    double.answered(held, 429, retry_after_s=50.0)
    clock.advance(49)
    assert double.hand_over(path_of("desk")) == []
    clock.advance(2)
    (again,) = double.hand_over(path_of("desk"))
    assert again.headers["X-CloudTasks-TaskRetryCount"] == "1"
    assert again.headers["X-CloudTasks-TaskPreviousResponse"] == "429"
