"""The chain on Celery with Redis, appendfsync always: render, then finalize, then a hash entry.

It keeps the same facts as ours: who took the work, what was put, and "ready" only after the
bytes were read.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import redis
from celery import Celery

from tests.bench.peers.files import checked, put_durably

BUCKET = Path(os.environ["BENCH_FOLDER"]) / "bucket"
URL = f"redis://127.0.0.1:{os.environ['BENCH_REDIS_PORT']}/0"
app = Celery("bench", broker=URL)
app.conf.task_ignore_result = True
app.conf.task_acks_late = True
app.conf.broker_connection_retry_on_startup = True
store = redis.Redis.from_url(URL)


@app.task
def render(work: str) -> None:
    """Claim the work, put the bytes, then hand over to finalize."""
    if not store.hsetnx("started", work, str(time.time())):
        return
    store.hset("object", work, put_durably(BUCKET, work))
    finalize.delay(work)


@app.task
def finalize(work: str) -> None:
    """Record that the work is ready, once its bytes were seen."""
    if checked(BUCKET, work, int(store.hget("object", work))):
        store.hset("ready", work, str(time.time()))


def enqueue(work: str) -> None:
    """Record the work durably, then start its chain."""
    store.hset("queued", work, str(time.time()))
    render.delay(work)


def ready() -> dict[str, float]:
    """Return when each work became ready."""
    return {key.decode(): float(at) for key, at in store.hgetall("ready").items()}
