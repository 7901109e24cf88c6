"""``up``: start the studio here, make the demo burst, and keep serving."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from lib import logs, wiring
from lib.adapters.local.lock import holder
from lib.cli.client import Client, settings_for
from lib.cli.output import emit, say
from lib.cli.progress import POLL_S, closing, follow, result
from lib.core.errors import Refused, StudioError
from lib.crew import PROGRAM
from lib.embedded import Embedded
from lib.settings import Settings
from lib.wiring.local import open_local

#: One post and one reel for each brand: enough to see everything, done within minutes.
DEMO = {"kind": "test", "posts": 1, "reels": 1}
DEMO_BRANDS = 5


def up(args: argparse.Namespace) -> int:
    """Run the studio until it is told to stop; return 1 when the demo did not come out whole."""
    settings = settings_for(args.data, args.port)
    if args.fresh:
        _put_aside(settings.data)
    _refuse_a_second(settings.data)
    settings.data.mkdir(parents=True, exist_ok=True)
    logs.write_to(settings.data / "studio.log")
    local = open_local(settings)
    studio = Embedded(local, program=PROGRAM)
    stop = _stop_on_signal()
    studio.start()
    client = Client(settings, port=studio.port)
    try:
        _greet(args, settings, client)
        return _make(args, settings, client, stop)
    finally:
        studio.stop()
        local.close()


def _make(
    args: argparse.Namespace, settings: Settings, client: Client, stop: threading.Event
) -> int:
    """Make the demo burst where there is none, finish what was begun, then serve."""
    bursts = client.get("/bursts")
    if not bursts and not args.no_demo:
        brands = wiring.studio().brands.slugs()[:DEMO_BRANDS]
        bursts = [client.post("/bursts", {**DEMO, "brands": list(brands), "key": "demo"})]
    code = 0
    for burst in [b for b in bursts if b["active"]]:
        watcher = threading.Thread(
            target=_report, args=(args, settings, client, burst["id"]), daemon=True
        )
        watcher.start()
        while watcher.is_alive() and not stop.is_set():
            watcher.join(POLL_S)
        if stop.is_set():
            return 0
        code = code or (0 if client.get(f"/bursts/{burst['id']}")["phase"] == "complete" else 1)
    if args.once:
        return code
    stop.wait()
    return code


def _report(args: argparse.Namespace, settings: Settings, client: Client, burst_id: str) -> None:
    try:
        burst = follow(client, burst_id, quiet=args.json)
    except StudioError:
        return  # the studio is being stopped; of any other trouble ``_make`` hears itself
    if args.json:
        emit({"event": "burst_settled", **result(burst)})
        return
    say(f"Done: {closing(burst)}.")
    say(f"  Files   {settings.data / 'bucket' / settings.owner}")
    say("  Check   ./brandcast verify        More   ./brandcast burst --posts 1 --reels 1")
    if not args.once:
        say("Serving. Ctrl-C stops; nothing is lost.")


def _greet(args: argparse.Namespace, settings: Settings, client: Client) -> None:
    url = f"http://127.0.0.1:{client.port}"
    if args.json:
        emit({"event": "started", "url": url, "data": str(settings.data)})
        return
    say("Brandcast, embedded: no cloud account needed.")
    say(f"  Status  {url}/api/v1/status")
    say(f"  Works   {url}/api/v1/jobs")
    say(f"  Data    {settings.data}")


def _put_aside(data: Path) -> None:
    """Move the data folder to a dated name. Raises Refused while a studio runs on it."""
    if not data.exists():
        return
    running = holder(data)
    if running is not None:
        raise Refused(
            f"a studio (process {running.get('pid')}) runs on {data}",
            hint="stop it first, then --fresh",
        )
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    aside = data.with_name(f"{data.name}-{stamp}")
    data.rename(aside)
    print(f"Put the old data aside: {aside}", file=sys.stderr)


def _refuse_a_second(data: Path) -> None:
    """Name the running studio before its port is found taken; the lock decides for certain."""
    running = holder(data)
    if running is not None:
        raise Refused(
            f"process {running.get('pid')} already runs a studio in {data}"
            f" at port {running.get('port')}",
            hint="use that one, stop it, or choose another --data folder",
        )


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    signal.signal(signal.SIGINT, ask)
    signal.signal(signal.SIGTERM, ask)
    return stop
