"""Storage trigger: an object was finalized or deleted → settle the work it belongs to.

Delivered at least once, in any order, perhaps late: settling looks at the bucket itself.
"""

from __future__ import annotations

import functions_framework
from cloudevents.http import CloudEvent

from lib import wiring
from lib.app.events import object_changed


@functions_framework.cloud_event
def on_object(event: CloudEvent) -> None:
    """Settle; an exception makes the platform deliver the event again."""
    object_changed(wiring.studio(), event["type"], event.get_data())
