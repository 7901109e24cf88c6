"""The whole cloud on this machine: the deployed functions, and a stand-in for every service.

Storage tells Pub/Sub what happens in the bucket, Pub/Sub pushes it to on_object; settling stores
tasks, the queues post them to on_step, which writes to the bucket; a scheduler calls on_tick. Between
each pair stands something that counts, and can misbehave.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import pytest
import requests
from google.cloud import tasks_v2
from google.protobuf.duration_pb2 import Duration

from lib.adapters.clock import SystemClock
from lib.app.studio import Studio
from lib.core.tools import MAX_DELIVERIES, QUEUES
from lib.settings import PREFIX, Settings, load
from lib.wiring.gcp import open_gcp
from tests.cloud.dispatcher import Dispatcher
from tests.cloud.services import Service
from tests.stand_ins.fake_gcs import FakeGcs, client_of
from tests.stand_ins.firestore_between import FirestoreBetween
from tests.stand_ins.firestore_emulator import FirestoreEmulator
from tests.stand_ins.identity import EMAIL, Identity
from tests.stand_ins.middleman import Middleman
from tests.stand_ins.pubsub_emulator import PubsubEmulator
from tests.stand_ins.tasks_double import TasksDouble

PROJECT, REGION, BUCKET, TOPIC = "stand-in", "europe-west1", "media", "objects"
#: Seconds between two ticks; the real scheduler's are sixty.
TICK_S = 1.0
#: Renders at the same time: one for each core of the machines that test.
RENDERERS = 2


class Cloud:
    """Everything runs until the block ends; ``folder`` keeps what the functions say.

    When it is ``calm``, every event is delivered once and nothing ticks by itself.
    """

    def __init__(self, folder: Path, *, patience_s: int = 5, calm: bool = False) -> None:
        self._folder = folder
        self._patience_s = patience_s
        self._calm = calm
        self._stack = ExitStack()
        self._over = threading.Event()
        #: Ticks that ended well, and when every tick began and ended.
        self.ticks = 0
        self.calls: list[tuple[float, float]] = []
        self.on_object = Service("on_object", folder, threads=8, kind="cloudevent")
        self.desk = Service("on_step", folder, threads=4)
        # One process with as many threads stands for as many instances of one thread each.
        renders = 1 if calm else RENDERERS
        self.renderers = Service("on_step", folder, threads=renders)
        self.on_tick = Service("on_tick", folder, threads=1)
        self.api = Service("studio_api", folder, threads=8)
        self.tasks = TasksDouble(
            SystemClock(), [_queue("desk", at_once=4), _queue("render", at_once=renders)]
        )

    @property
    def services(self) -> list[Service]:
        """Return the functions."""
        return [self.on_object, self.desk, self.renderers, self.on_tick, self.api]

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._open(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._stack.close()

    def _open(self, stack: ExitStack) -> None:
        enter = stack.enter_context
        identity = enter(Identity(self._folder / "key.json"))
        patch = enter(pytest.MonkeyPatch.context())
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(identity.file))
        self._emulator = f"127.0.0.1:{enter(FirestoreEmulator()).port}"
        self.records = enter(FirestoreBetween(self._emulator))
        pubsub = enter(PubsubEmulator())
        pubsub.create_topic(PROJECT, TOPIC)
        gcs = enter(FakeGcs(f"127.0.0.1:{pubsub.port}", f"{PROJECT}/{TOPIC}"))
        self._bucket_url = gcs.url
        self.storage = client_of(gcs.url)
        self.storage.create_bucket(BUCKET)
        self.objects = enter(Middleman(gcs.port))
        enter(self.tasks)
        for service in self.services:
            service.settings = self.environment()
            service.launch()
            stack.push(service)
        for service in self.services:
            service.await_ready()
        self.events = enter(Middleman(self.on_object.port))
        # Two subscriptions to the same news: every event is delivered twice at least.
        for name in ("objects-1", "objects-2")[: 1 if self._calm else 2]:
            pubsub.push(PROJECT, TOPIC, name, f"{self.events.url}/{name}")
        self.dispatcher = enter(Dispatcher(self.tasks, [_path(name) for name in QUEUES]))
        if not self._calm:
            ticker = threading.Thread(target=self._tick, daemon=True)
            ticker.start()
            stack.callback(ticker.join)
        stack.callback(self._over.set)

    def environment(self) -> Mapping[str, str]:
        """Return the settings of the functions."""
        told = {
            "mode": "gcp",
            "data": str(self._folder / "tmp"),
            "project": PROJECT,
            "region": REGION,
            "bucket": BUCKET,
            "step_desk_url": self.desk.url,
            "step_render_url": self.renderers.url,
            "tasks_account": EMAIL,
            "patience_s": str(self._patience_s),
            "storage_endpoint": self.objects.url,
            "firestore_endpoint": self.records.address,
            "tasks_endpoint": self.tasks.address,
        }
        return {PREFIX + name.upper(): value for name, value in told.items()}

    def settings(self) -> Settings:
        """Return the settings of the functions, read as they read them."""
        return load(self.environment())

    def studio(self) -> Studio:
        """Return the studio as a function opens it."""
        return open_gcp(self.settings())

    def bystander(self) -> Studio:
        """Return a studio whose looks at records and objects are not counted."""
        unseen = {"firestore_endpoint": self._emulator, "storage_endpoint": self._bucket_url}
        return open_gcp(replace(self.settings(), **unseen))

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the API, as a person does; an answer of 5xx is asked again."""
        url = f"{self.api.url}api/v1{path}"
        while True:
            answer = requests.get(url, timeout=120) if body is None else _post(url, body)
            if answer.status_code < 500:
                assert answer.ok, answer.text
                return answer.json()
            time.sleep(0.5)

    def wait_for(self, true: Callable[[], bool], limit_s: float) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + limit_s
        while not true():
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def uploads(self) -> int:
        """Return how many objects were stored."""
        return sum(
            status == 200 and (method == "PUT" or "uploadType=multipart" in target)
            for method, target, status in self.objects.answers
        )

    def until(self, burst_id: str, phase: str, limit_s: float) -> dict[str, Any]:
        """Wait until a burst is in a phase, and return its view."""
        deadline = time.monotonic() + limit_s
        while (view := self.ask(f"/bursts/{burst_id}"))["phase"] != phase:
            assert time.monotonic() < deadline, view
            time.sleep(0.3)
        found: dict[str, Any] = view
        return found

    def tick(self) -> None:
        """Call on_tick, as the scheduler does."""
        start = time.perf_counter()
        try:
            answer = requests.post(self.on_tick.url, timeout=600)
        except requests.RequestException:
            return  # the scheduler calls again
        self.calls.append((start, time.perf_counter()))
        self.ticks += answer.ok

    def _tick(self) -> None:
        while not self._over.wait(TICK_S):
            self.tick()


def _post(url: str, body: dict[str, Any]) -> requests.Response:
    return requests.post(url, json=body, timeout=120)


def _path(queue: str) -> str:
    return f"projects/{PROJECT}/locations/{REGION}/queues/{queue}"


def _queue(name: str, *, at_once: int) -> tasks_v2.Queue:
    return tasks_v2.Queue(
        name=_path(name),
        rate_limits=tasks_v2.RateLimits(max_concurrent_dispatches=at_once),
        retry_config=tasks_v2.RetryConfig(
            max_attempts=MAX_DELIVERIES,
            max_retry_duration=Duration(seconds=3600),
            min_backoff=Duration(seconds=1),
            max_backoff=Duration(seconds=10),
        ),
    )
