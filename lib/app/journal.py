"""One log line for each decision: a stable event key, a sentence, ids as fields.

Written for people and for Cloud Logging. No code and no page ever reads a log: what the pages
show is records (see ``activity.py``).
"""

from __future__ import annotations

import logging
from typing import Any

_LOG = logging.getLogger("brandcast")


def note(event: str, message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one line; ``fields`` are ids and measures, never secrets."""
    _LOG.log(level, message, extra={"event": event, "fields": fields})
