"""HTTP front door: the JSON API under /api/v1 and the media behind signed URLs."""

from __future__ import annotations

import flask
import functions_framework

from lib import wiring
from lib.app.api import Call, handle


@functions_framework.http
def studio_api(request: flask.Request) -> flask.Response:
    """Answer one request; every error is a problem+json document."""
    call = Call(
        method=request.method,
        path=request.path,
        query=request.args.to_dict(),
        body=request.get_data(),
        content_type=request.mimetype,
    )
    reply = handle(wiring.studio(), wiring.settings().owner, call)
    return flask.Response(reply.body, reply.status, reply.headers)
