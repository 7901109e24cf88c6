"""``migrate``: bring an older studio's bucket in, and say file by file what could not come."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lib import logs
from lib.app.migrate import Report, Source
from lib.app.migrate import migrate as run_migrate
from lib.cli.client import settings_for
from lib.cli.output import emit, is_terminal, say, seconds
from lib.core.errors import Refused
from lib.core.work import Json
from lib.settings import Settings
from lib.wiring import parts
from lib.wiring.local import open_local

#: Lines of each kind of problem that are printed for people; JSON holds them all.
MOST_LINES = 20
#: Seconds between two lines of progress in a log.
PAUSE_S = 10.0


def migrate(args: argparse.Namespace) -> int:
    """Bring a bucket in; return 1 when anything in it is a problem that a person must look at."""
    settings = settings_for(args.data)
    owners = dict(args.owner_map)
    if len(owners) != len(args.owner_map):
        raise Refused("--owner-map names a user twice", hint="name each user once")
    bucket, prefix = args.source
    objects = parts.foreign_bucket(bucket, endpoint=args.endpoint, region=args.region)
    named = {"--endpoint": args.endpoint, "--region": args.region}
    options = shlex.join(word for pair in named.items() if pair[1] for word in pair)
    source = Source(objects, f"s3://{bucket}/", prefix, options)
    local = open_local(settings)
    logs.write_to(settings.data / "studio.log")
    start = time.monotonic()
    try:
        with _progress(quiet=args.json) as told:
            report = run_migrate(
                local.studio,
                source,
                owners,
                dry_run=args.dry_run,
                workers=settings.render_workers,
                told=told,
            )
    finally:
        local.close()
    if args.json:
        emit(dataclasses.asdict(report) | {"problems": report.problems, "changes": report.changes})
    else:
        _say(report, settings, time.monotonic() - start)
    return 1 if report.problems else 0


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[Report, str], None] | None]:
    """Show how far it has come: one changing line on a terminal, a line now and then elsewhere."""
    if quiet:
        yield None
        return
    if is_terminal():
        from rich.live import Live
        from rich.text import Text

        with Live(refresh_per_second=4, transient=True) as live:
            yield lambda report, brand: live.update(Text(_line(report, brand), no_wrap=True))
        return
    said = 0.0

    def tell(report: Report, brand: str) -> None:
        nonlocal said
        if time.monotonic() - said > PAUSE_S:
            said = time.monotonic()
            say(f"  {_line(report, brand)}")

    yield tell


def _line(report: Report, brand: str) -> str:
    works = report.works_adopted + report.works_updated + report.works_unchanged
    done = "to copy" if report.dry_run else "copied"
    megabytes = f"{report.copied_bytes / 1e6:.1f} MB"
    return f"{brand}: {works} works so far, {report.copied} files {done} ({megabytes})"


def _say(report: Report, settings: Settings, took_s: float) -> None:
    say(f"{report.source}: {report.files} files, {report.bytes / 1e6:.1f} MB.")
    would = "would be " if report.dry_run else ""
    copied = f"{report.copied} files {would}copied ({report.copied_bytes / 1e6:.1f} MB)"
    say(f"  {copied}, {report.already_here} were here already")
    works = (
        f"{report.works_adopted} works {would}adopted, {report.works_updated} brought up to date"
    )
    say(f"  {works}, {report.works_unchanged} as they should be")
    if report.works_left_alone:
        say(f"  {report.works_left_alone} were put away or changed here since, and left alone")
    if not report.dry_run:
        say(f"  {report.works_ready} are ready. {seconds(took_s)}")
    for user, whose in report.owners.items():
        _say_owner(user, whose, settings)
    _say_problems(report)
    if not report.changes and not report.problems:
        say("Everything is here already; nothing was changed.")
    elif not report.dry_run:
        say("Nothing was changed at the source. ./brandcast verify checks what came.")


def _say_owner(user: str, whose: Json, settings: Settings) -> None:
    line = f"  {whose['works']} works of {user} belong to {whose['owner']}"
    if whose["owner"] != settings.owner:
        line += f": BRANDCAST_OWNER={whose['owner']} ./brandcast jobs lists them;"
        line += f" --owner-map {user}={settings.owner} would have made them yours"
    say(line)


def _say_problems(report: Report) -> None:
    kinds = (
        (report.damaged, "damaged", "they are only at the source; mend them there, then again"),
        (report.incomplete, "incomplete", "the source lacks files of these works"),
        (report.orphans, "orphans", "they belong to no work and are only at the source"),
        (report.failed, "failed", "run the same command again, it goes on"),
    )
    for found, name, words in kinds:
        if found:
            say(f"{len(found)} {name}: {words}")
        for entry in found[:MOST_LINES]:
            what = entry.get("object") or f"{entry['from']} {entry['id']}"
            say(f"  ✗ {what}: {entry.get('why') or 'no ' + ', '.join(entry['missing'])}")
        if len(found) > MOST_LINES:
            say(f"  … and {len(found) - MOST_LINES} more: --json names them all")
    sys.stdout.flush()
