"""Task handler: carry out one attempt of one step.

The ledger owns retries, so whatever the step came to is answered with 200; only "could not
begin" is answered with 429 and Retry-After, which makes the queue deliver the task again.
"""

from __future__ import annotations

import flask
import functions_framework

from lib import wiring
from lib.app.events import task_delivered


@functions_framework.http
def on_step(request: flask.Request) -> tuple[str, int, dict[str, str]]:
    """Carry out the attempt that the task's payload names."""
    payload = request.get_json(force=True, silent=True)
    return task_delivered(wiring.studio(), payload)
