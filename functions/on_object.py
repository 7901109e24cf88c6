"""Storage trigger: an object was finalized or deleted → settle the work it belongs to.

Delivered at least once, in any order, perhaps late: settling looks at the bucket itself. "Not yet"
is 429, because a row of 5xx makes the platform end the instance.
"""

from __future__ import annotations

import flask
import functions_framework
from cloudevents.http import CloudEvent

from lib import wiring
from lib.app.events import event_delivered


@functions_framework.cloud_event
def on_object(event: CloudEvent) -> None:
    """Settle; any answer but success makes the platform deliver the event again."""
    status = event_delivered(wiring.studio(), event["type"], event.get_data())
    if status != 200:
        flask.abort(status)
