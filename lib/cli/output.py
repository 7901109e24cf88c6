"""How commands speak: JSON for scripts, a rich table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

_SIGNS = {"ready": "✓", "failed": "✗", "partial": "✗", "unsure": "?", "working": "…"}


def emit(document: Any) -> None:
    """Print one JSON document on one line."""
    print(json.dumps(document, ensure_ascii=False), flush=True)


def say(text: str = "") -> None:
    """Print one line for people."""
    print(text, flush=True)


def sign(phase: str) -> str:
    """Return the mark of a phase; the word always stands beside it."""
    return _SIGNS.get(phase, "·")


def is_terminal() -> bool:
    """Tell whether a person is looking at standard output."""
    return sys.stdout.isatty()


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headers, with rich on a terminal and aligned text elsewhere."""
    if is_terminal():
        from rich.console import Console
        from rich.table import Table

        drawn = Table(box=None, header_style="bold")
        for number, header in enumerate(headers):
            last = number == len(headers) - 1
            # Only the last column gives way on a narrow screen: an id must be whole to be copied.
            least = None if last else max(len(line[number]) for line in [headers, *rows])
            drawn.add_column(header, no_wrap=True, overflow="ellipsis", min_width=least)
        for row in rows:
            drawn.add_row(*row)
        Console().print(drawn)
        return
    widths = [max(len(line[i]) for line in [headers, *rows]) for i in range(len(headers))]
    for line in [headers, *rows]:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def seconds(value: float | None) -> str:
    """Return a duration for people, for example ``1 m 34 s``."""
    if value is None:
        return "–"
    if value < 60:
        return f"{value:.1f} s"
    return f"{int(value // 60)} m {int(value % 60)} s"
