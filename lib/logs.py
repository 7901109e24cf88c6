"""Log lines as Cloud Logging reads them: one JSON object a line, severity and event as fields."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path


class JsonLines(logging.Formatter):
    """Formats a record as one JSON line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; ids and measures are fields of their own."""
        line = {
            "severity": record.levelname,
            "event": getattr(record, "event", record.name),
            "message": record.getMessage(),
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["stack_trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _LogFile(logging.FileHandler):
    """Says once that the log cannot be written, and not at every line with where it was called."""

    _failing = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; a fault ends in ``handleError``."""
        self._failed = False
        super().emit(record)
        self._failing = self._failed

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Tell a person, once for each time that it begins."""
        del record
        self._failed = True
        if not self._failing:
            print(
                f"the log {self.baseFilename} cannot be written: {sys.exc_info()[1]}",
                file=sys.stderr,
            )


def write_to(file: Path | None) -> None:
    """Send the studio's log to a file, or to standard output when none is given."""
    handler = _LogFile(file) if file else logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("brandcast")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
