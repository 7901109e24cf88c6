"""The JSON API as a table of routes: what the command line, scripts and pages call.

Knows HTTP only as method, path, query, body and status; routing is werkzeug's. Errors are
problem+json (RFC 9457) with ``code``, ``title`` and ``hint``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, MapAdapter, RequestRedirect, Rule

from lib.app import intake, views
from lib.app.studio import Studio
from lib.core.errors import Conflict, NotFound, Refused, StudioError, Unavailable
from lib.core.work import Json

PREFIX = "/api/v1"
#: Largest body that is read, bytes; the largest real request is below 4 KiB.
MAX_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes
    headers: dict[str, str]


Handler = Callable[[Studio, str, Call, dict[str, Any]], Json | list[Json]]

ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/status"): lambda s, o, _call, _args: views.status(s, o),
    ("GET", "/bursts"): lambda s, o, call, _args: views.bursts(s, o, limit=_limit(call, 50)),
    ("GET", "/bursts/<id>"): lambda s, o, _call, args: views.burst(s, o, args["id"]),
    ("GET", "/jobs"): lambda s, o, call, _args: views.jobs(
        s, o, failed=call.query.get("state") == "failed", limit=_limit(call, 200)
    ),
    ("GET", "/jobs/<id>"): lambda s, o, _call, args: views.job(s, o, args["id"]),
    ("GET", "/activity"): lambda s, o, call, _args: views.activity(s, o, limit=_limit(call, 50)),
    ("POST", "/bursts"): lambda s, o, call, _args: _start_burst(s, o, call),
    ("POST", "/jobs/<id>/retry"): lambda s, o, call, args: _retry(s, o, call, args["id"]),
}

_STATUS = {Refused: 400, NotFound: 404, Conflict: 409, Unavailable: 503}


def handle(studio: Studio, owner: str, call: Call) -> Reply:
    """Answer one request for this owner; never raises for what the caller did."""
    try:
        route, args = _match(call)
        return _json(200 if call.method == "GET" else 202, ROUTES[route](studio, owner, call, args))
    except StudioError as error:
        return _problem(error)
    except HTTPException as error:
        return _http_problem(error)


@functools.cache
def _routes() -> MapAdapter:
    rules = [Rule(PREFIX + path, endpoint=(m, path), methods=[m]) for m, path in ROUTES]
    return Map(rules, redirect_defaults=False).bind("studio")


def _match(call: Call) -> tuple[tuple[str, str], dict[str, Any]]:
    try:
        route, args = _routes().match(call.path.rstrip("/") or "/", method=call.method)
    except RequestRedirect as error:
        raise NotFound(f"there is nothing at {call.path}") from error
    return route, dict(args)


def _start_burst(studio: Studio, owner: str, call: Call) -> Json:
    wanted = _body(call)
    key = str(wanted.pop("key", ""))
    if key and not (key.isalnum() and key.islower() and len(key) <= 32):
        raise Refused(
            "key: up to 32 lower-case letters and digits", hint="mend key or leave it out"
        )
    work = intake.create_burst(studio, owner, actor=owner, spec=wanted, key=key)
    return views.burst(studio, owner, work.id)


def _retry(studio: Studio, owner: str, call: Call, work_id: str) -> Json:
    step = _body(call).get("step")
    if not isinstance(step, str):
        raise Refused("step: missing", hint='send {"step": "<name of the failed step>"}')
    intake.retry(studio, owner, work_id, step, actor=owner)
    return views.job(studio, owner, work_id)


def _body(call: Call) -> Json:
    if call.content_type != "application/json":
        raise Refused("the body is no JSON", hint="send Content-Type: application/json")
    if len(call.body) > MAX_BODY:
        raise Refused("the body is too large", hint=f"send at most {MAX_BODY} bytes")
    try:
        body = json.loads(call.body)
    except ValueError as error:
        raise Refused(f"the body is no JSON: {error}", hint="mend the JSON") from error
    if not isinstance(body, dict):
        raise Refused("the body is no JSON object", hint="send an object, {…}")
    return body


def _limit(call: Call, default: int) -> int:
    text = call.query.get("limit", str(default))
    if not text.isdigit() or not 1 <= int(text) <= views.LIST_LIMIT:
        raise Refused(
            f"limit: {text!r} is out of range", hint=f"give a number from 1 to {views.LIST_LIMIT}"
        )
    return int(text)


def _json(status: int, document: Json | list[Json]) -> Reply:
    body = json.dumps(document, ensure_ascii=False).encode()
    return Reply(status, body, {"Content-Type": "application/json", "Cache-Control": "no-store"})


def _problem(error: StudioError, status: int | None = None) -> Reply:
    if status is None:
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
    reply = _json(
        status,
        {
            "type": f"urn:brandcast:{error.code}",
            "status": status,
            "code": error.code,
            "title": str(error),
            "hint": getattr(error, "hint", ""),
        },
    )
    headers = {**reply.headers, "Content-Type": "application/problem+json"}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = str(max(1, round(error.retry_after_s)))
    return Reply(status, reply.body, headers)


def _http_problem(error: HTTPException) -> Reply:
    if isinstance(error, MethodNotAllowed):
        allowed = ", ".join(error.valid_methods or ())
        refused: StudioError = Refused("this method is not allowed here", hint=f"use {allowed}")
    else:
        refused = NotFound("there is nothing here")
    return _problem(refused, error.code or 500)
