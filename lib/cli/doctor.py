"""``doctor`` and ``brands check``: what is wrong with this machine or a kit, and how to mend it."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lib.adapters.local.lock import holder
from lib.app.case import WORKS
from lib.cli.client import settings_for
from lib.cli.output import emit, say
from lib.core.errors import Refused, StudioError
from lib.media.runner.binaries import find
from lib.media.runner.ffmpeg_run import run
from lib.media.text import shaping
from lib.ports import Query
from lib.settings import Settings
from lib.wiring import parts
from lib.wiring.local import LocalStudio, open_local

#: Free space below which a studio cannot promise to finish a burst, bytes.
LEAST_FREE = 1 << 30
#: Encoders and filters that the media tools use; every one of them must be in the build.
NEEDED = ("libx264", "aac")


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: ``ok``, ``warning`` or ``problem``; ``fix`` is the exact thing to do."""

    check: str
    state: str
    finding: str
    fix: str = ""


def doctor(args: argparse.Namespace) -> int:
    """Run every check; return 1 when any found a problem."""
    settings = settings_for(args.data)
    findings = [one for check in _CHECKS for one in check(settings)]
    if args.json:
        emit([dataclasses.asdict(finding) for finding in findings])
    else:
        for one in findings:
            mark = {"ok": "✓", "warning": "!", "problem": "✗"}[one.state]
            say(f"{mark} {one.check:<10}{one.finding}" + (f"  → {one.fix}" if one.fix else ""))
    return 1 if any(one.state == "problem" for one in findings) else 0


def brands(args: argparse.Namespace) -> int:
    """Read every brand kit; return 1 when any is broken."""
    kits = parts.brands(settings_for(args.data))
    problems = {slug: kits.check(slug) for slug in kits.slugs()}
    if not problems:
        raise Refused("there is no brand kit", hint="add one below assets/brands")
    if args.json:
        emit([{"brand": slug, "problems": found} for slug, found in problems.items()])
    else:
        for slug, found in problems.items():
            say(f"{'✗' if found else '✓'} {slug}")
            for problem in found:
                say(f"    {problem}")
    return 1 if any(problems.values()) else 0


def _python(settings: Settings) -> Iterator[Finding]:
    del settings
    version = sys.version.split()[0]
    good = sys.version_info >= (3, 11)
    fix = "" if good else "install Python 3.11 or newer"
    yield Finding("python", "ok" if good else "problem", version, fix)


def _ffmpeg(settings: Settings) -> Iterator[Finding]:
    del settings
    try:
        pair = find()
        told, _ = run([pair.ffmpeg, "-hide_banner", "-encoders"], what="ffmpeg", deadline_s=30)
    except StudioError as error:
        yield Finding("ffmpeg", "problem", str(error), "run ./brandcast up once, it installs it")
        return
    lacking = [name for name in NEEDED if f" {name} " not in told.decode()]
    if lacking:
        yield Finding(
            "ffmpeg", "problem", f"{pair.ffmpeg} lacks {', '.join(lacking)}", "use another build"
        )
    else:
        yield Finding("ffmpeg", "ok", str(pair.ffmpeg))


def _text(settings: Settings) -> Iterator[Finding]:
    fonts = list((settings.assets / "fonts").glob("*.[ot]tf"))
    yield Finding("fonts", "ok" if fonts else "problem", f"{len(fonts)} bundled")
    engine = shaping()
    if engine == "raqm":
        yield Finding("shaping", "ok", "raqm (kerning, ligatures, right-to-left)")
    else:
        yield Finding("shaping", "warning", "basic text layout only", "apt-get install libfribidi0")


def _disk(settings: Settings) -> Iterator[Finding]:
    place = next(p for p in (settings.data, *settings.data.parents) if p.exists())
    free = shutil.disk_usage(place).free
    state = "ok" if free >= LEAST_FREE else "problem"
    fix = "" if state == "ok" else "free some space, or choose another --data folder"
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free at {place}", fix)


def _kits(settings: Settings) -> Iterator[Finding]:
    kits = parts.brands(settings)
    slugs = kits.slugs()
    broken = {slug: problems for slug in slugs if (problems := kits.check(slug))}
    for slug, problems in broken.items():
        yield Finding("brands", "problem", f"{slug}: {problems[0]}", "./brandcast brands check")
    if not slugs:
        yield Finding("brands", "problem", "there is no kit", "add one below assets/brands")
    elif not broken:
        yield Finding("brands", "ok", f"{len(slugs)} kits: {', '.join(slugs)}")


def _studio(settings: Settings) -> Iterator[Finding]:
    running = holder(settings.data)
    words = f"process {running.get('pid')} on port {running.get('port')}" if running else "none"
    yield Finding("running", "ok", words)
    if not (settings.data / "studio.db").exists():
        yield Finding("data", "ok", f"nothing at {settings.data} yet")
        return
    local = open_local(settings)
    try:
        yield from _flow(local)
    finally:
        local.close()


def _flow(local: LocalStudio) -> Iterator[Finding]:
    """Say whether work flows: the age of what waits, never the health of a process."""
    now = local.studio.clock.now()
    due = local.studio.records.query(Query(WORKS, order_by="due_at", limit=1))
    late = now - due[0].data["due_at"] if due else 0.0
    age = local.outbox.oldest_age_s()
    idle = holder(local.settings.data) is None
    for check, waits_s in (("due work", late), ("events", age)):
        slow = waits_s > 60
        state = "warning" if slow else "ok"
        fix = "./brandcast up" if slow and idle else ""
        yield Finding(check, state, f"the oldest waits {max(0.0, waits_s):.0f} s", fix)
    dead = local.queue.dead()
    yield Finding(
        "queue",
        "problem" if dead else "ok",
        f"{len(dead)} dead letters"
        + (f": {', '.join(letter.task.name for letter in dead[:3])}" if dead else ""),
        "./brandcast reconcile" if dead else "",
    )


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _python,
    _ffmpeg,
    _text,
    _disk,
    _kits,
    _studio,
)
