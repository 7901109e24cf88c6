"""Follow bursts until they are settled, as a person or a log would want to see it.

Everything shown is asked of the API; the screen decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lib.cli.client import Client
from lib.cli.output import is_terminal, say, seconds, sign

#: Seconds between two looks; a person cannot read faster, and a look costs a few milliseconds.
POLL_S = 0.5


def follow(client: Client, burst_id: str, *, quiet: bool = False) -> dict[str, Any]:
    """Show a burst until nothing of it moves any more, and return it."""
    look: Callable[[], dict[str, Any]] = lambda: client.get(f"/bursts/{burst_id}")  # noqa: E731
    if quiet:
        return _until_settled(look, lambda _: None)
    if is_terminal():
        return _on_terminal(look)
    seen: dict[str, str] = {}
    return _until_settled(look, lambda burst: _print_news(burst, seen))


def _until_settled(
    look: Callable[[], dict[str, Any]], show: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    while True:
        burst = look()
        show(burst)
        if not burst["active"]:
            return burst
        time.sleep(POLL_S)


def _print_news(burst: dict[str, Any], seen: dict[str, str]) -> None:
    """Print a line for each work whose state is another than at the last look."""
    if seen.get("") != burst["phase"]:
        seen[""] = burst["phase"]
        say(f"{burst['label']}: {burst['phase_label'].lower()}")
    for job in burst["jobs"]:
        state = f"{job['phase']} {job['files_verified']}"
        if seen.get(job["id"]) == state:
            continue
        seen[job["id"]] = state
        say(describe(job))


def describe(job: dict[str, Any]) -> str:
    """Return one line about a work."""
    files = f"{job['files_verified']}/{job['files_required']} files"
    line = f"  {sign(job['phase'])} {job['kind']:<9}{job['brand']:<18}{job['phase']:<9}{files:<11}"
    why = f" · {'; '.join(job['reasons'])}" if job["reasons"] else ""
    return f"{line} {seconds(job['elapsed_s']):>9}  {job['title']}{why}"


def _on_terminal(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    from rich.console import Group
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    def draw(burst: dict[str, Any]) -> Group:
        counts = burst["counts"]
        total = max(1, counts["files_required"])
        head = (
            f"{burst['label']} · {burst['phase_label']} · {counts['ready']} of"
            f" {burst['jobs_total']} ready · {seconds(burst['elapsed_s'])}"
        )
        bar = ProgressBar(total=total, completed=counts["files_verified"], width=60)
        lines = [Text(describe(job), no_wrap=True) for job in burst["jobs"]]
        return Group(Text(head, style="bold"), bar, *lines)

    with Live(refresh_per_second=4) as live:
        return _until_settled(look, lambda burst: live.update(draw(burst)))


def closing(burst: dict[str, Any]) -> str:
    """Return the sentence that ends a burst."""
    counts = burst["counts"]
    end = f"{counts['ready']} of {burst['jobs_total']} works ready"
    if counts["failed"]:
        end += f", {counts['failed']} failed"
    return f"{end}, {counts['files_verified']} files verified, {seconds(burst['elapsed_s'])}"


def result(burst: dict[str, Any]) -> dict[str, Any]:
    """Return what ``burst --wait --json`` prints; scripts rely on these names."""
    return {
        "burst_id": burst["id"],
        "jobs_total": burst["jobs_total"],
        "ready": burst["counts"]["ready"],
        "failed": burst["counts"]["failed"],
        "elapsed_s": burst["elapsed_s"],
        "phase": burst["phase"],
        "reasons": burst["planning"]["reasons"],
    }
