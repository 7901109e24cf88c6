"""The chain on Celery with Redis, appendfsync always: render, then finalize, then a hash entry."""

from __future__ import annotations

import os
import time
from pathlib import Path

import redis
from celery import Celery

from tests.bench.peers.files import put_durably

FOLDER = Path(os.environ["BENCH_FOLDER"])
URL = f"redis://127.0.0.1:{os.environ['BENCH_REDIS_PORT']}/0"
app = Celery("bench", broker=URL)
app.conf.task_ignore_result = True
app.conf.task_acks_late = True
app.conf.broker_connection_retry_on_startup = True
store = redis.Redis.from_url(URL)


@app.task
def render(work: str) -> None:
    """Put the bytes, then hand over to finalize."""
    put_durably(FOLDER / "bucket", work)
    finalize.delay(work)


@app.task
def finalize(work: str) -> None:
    """Record that the work is ready."""
    store.hset("ready", work, str(time.time()))


def enqueue(work: str) -> None:
    """Record the work durably, then start its chain."""
    store.hset("queued", work, str(time.time()))
    render.delay(work)


def ready() -> dict[str, float]:
    """Return when each work became ready."""
    return {key.decode(): float(at) for key, at in store.hgetall("ready").items()}
