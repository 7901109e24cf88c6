"""Call the real functions as the platform would call them, in this process.

Used by the embedded studio and its render workers. A function that raises is one that answered
500: whatever it was called for must be delivered again.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from typing import Any

import flask
from cloudevents.http import CloudEvent

import main
from lib.app.journal import note
from lib.core.errors import Unavailable
from lib.core.work import Json


def deliver_event(attributes: Json, data: Json) -> None:
    """Hand a storage event to ``on_object``. Raises Unavailable when it must come again."""
    _call(main.on_object, CloudEvent(attributes, data))


def deliver_task(payload: Json) -> float | None:
    """Hand a task to ``on_step``; return None when it is done, else seconds until the next try."""
    try:
        _, status, headers = _call(main.on_step, _request(json.dumps(payload).encode()))
    except Unavailable as error:
        return error.retry_after_s
    return None if status < 300 else float(headers.get("Retry-After", 5))


def _request(body: bytes) -> flask.Request:
    """Return a POST as a function receives it."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "SERVER_NAME": "embedded",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/json",
    }
    return flask.Request(environ)


def deliver_tick() -> None:
    """Call ``on_tick``. Raises Unavailable when it failed."""
    _call(main.on_tick, _request(b""))


def _call(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function as the platform would: any fault in it means "deliver it again"."""
    try:
        return function(*args)
    except Exception as error:  # the function boundary: the platform would answer 500
        note(
            "function_failed",
            f"{function.__name__}: {type(error).__name__}: {error}",
            level=logging.ERROR,
        )
        raise Unavailable(f"{function.__name__} failed: {error}") from error
