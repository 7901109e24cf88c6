"""A whole embedded studio in a process of its own, with tools that only take a little time.

Started by the kill test with a data folder and a number of bursts; carries on whatever is
unfinished, begins the bursts that are not there yet, and ends when everything is settled.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from lib.app import views
from lib.crew import serve, take_orders
from lib.embedded import running
from lib.ports import ToolCall
from lib.settings import Settings
from lib.wiring.local import LocalStudio, open_local
from tests.app.crank import OWNER, settings_below
from tests.app.instant import InstantTools
from tests.rendering import rendering

#: Seconds that one tool takes: long enough to be killed in the middle of it.
TOOL_S = 0.35
WORKER = (sys.executable, "-m", "tests.e2e.slow_studio", "render")


class SlowTools(InstantTools):
    """Notes every file that was finished, so that a second rendering shows."""

    def __init__(self, book: Path) -> None:
        super().__init__()
        self._book = book

    def run(self, call: ToolCall) -> None:
        """Take a while, write the files, and note them."""
        time.sleep(TOOL_S)
        super().run(call)
        with self._book.open("a") as book:
            book.writelines(f"{rendering(call.params, slot)}\n" for slot in call.makes)


def open_studio(settings: Settings, executor: str = "") -> LocalStudio:
    """Wire the studio with the slow tools; their book lies beside its data."""
    tools = SlowTools(settings.data.parent / "rendered.txt")
    return open_local(settings, tools=tools, executor=executor)


def render() -> None:
    """Be a render worker."""
    serve(open_studio(*take_orders()))


def main() -> int:
    """Run until every work is settled."""
    local = open_studio(settings_below(Path(sys.argv[1])))
    brands = list(local.studio.brands.slugs())[:5]
    with running(local, program=WORKER):
        from lib.app.intake import create_burst

        spec = {"kind": "test", "brands": brands, "posts": 3, "reels": 3}
        for number in range(int(sys.argv[2])):
            burst = create_burst(local.studio, OWNER, OWNER, spec, key=f"kill-{number}")
            while views.burst(local.studio, OWNER, burst.id)["active"]:
                time.sleep(0.02)
        while local.outbox.pending():  # the news of what was made last, and discarded
            time.sleep(0.02)
    local.close()
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "render":
        render()
    sys.exit(main())
