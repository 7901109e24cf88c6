"""``verify``, ``reconcile`` and ``audit``: hold what the studio says against what is there."""

from __future__ import annotations

import argparse
import dataclasses

from lib import logs
from lib.app.audit import reconcile as run_reconcile
from lib.app.invariants import inspect
from lib.app.verify import verify as run_verify
from lib.cli.client import settings_for
from lib.cli.output import emit, say
from lib.wiring.local import open_local

_MEND = "./brandcast reconcile corrects what a record says; the rest is a fault: please report it."


def verify(args: argparse.Namespace) -> int:
    """Fetch and decode every object that a ready work claims; return 1 on a lie."""
    settings = settings_for(args.data)
    local = open_local(settings)
    try:
        found = run_verify(local.studio, settings.owner, args.id)
    finally:
        local.close()
    if args.json:
        emit(dataclasses.asdict(found) | {"lies": len(found.lies), "lies_list": found.lies})
    else:
        megabytes = found.bytes / 1e6
        say(f"{found.works} ready works, {found.objects} objects, {megabytes:.1f} MB decoded.")
        for lie in found.lies:
            say(f"  ✗ {lie['work']} {lie['slot']}: {lie['why']}  ({lie['object']})")
        say("No lies." if not found.lies else "./brandcast reconcile corrects the records.")
    return 1 if found.lies else 0


def reconcile(args: argparse.Namespace) -> int:
    """Compare every record with the bucket; return 1 when any had to be, or could not be, held."""
    settings = settings_for(args.data)
    local = open_local(settings)
    logs.write_to(settings.data / "studio.log")
    try:
        report = run_reconcile(local.studio, dry_run=args.dry_run, accept_losses=args.accept_losses)
    finally:
        local.close()
    if args.json:
        emit(dataclasses.asdict(report))
    else:
        verb = "would be corrected" if args.dry_run else "corrected"
        say(f"{report.checked} records checked, {len(report.corrections)} {verb}.")
        for line in report.corrections:
            old, new = line["originalStatus"], line["correctedStatus"]
            same = f"still {new}; its files are other ones than it remembered"
            say(f"  {line['work']}: {same if old == new else f'{old} → {new}'}")
            for slot, why in line["missing"].items():
                say(f"    {slot}: {why}")
        if report.left:
            say(f"  {report.left} more are left for the next pass: enough was set going for one.")
        if report.breaker:
            named = ", ".join(report.breaker["works"])
            say(f"  ✗ Stopped: {report.breaker['message']} ({named} …).")
            say(f"    Now: {report.breaker['hint']}.")
        for words in report.unreachable:
            say(f"  could not look: {words}")
        if report.orphans.objects:
            megabytes = report.orphans.bytes / 1e6
            say(f"{report.orphans.objects} objects belong to no work ({megabytes:.1f} MB):")
            for orphan in report.orphans.named:
                say(f"  {orphan['object']}: {orphan['why']}")
    problems = report.corrections or report.unreachable or report.left or report.breaker
    return 1 if problems else 0


def audit(args: argparse.Namespace) -> int:
    """Ask every invariant of every record beside its objects; return 1 when one is broken."""
    settings = settings_for(args.data)
    local = open_local(settings)
    try:
        found = inspect(local.studio)
    finally:
        local.close()
    if args.json:
        emit(dataclasses.asdict(found))
    else:
        say(f"{found.works} works, {found.objects} objects, {found.moving} at work just now.")
        for breach in found.breaches:
            say(f"  ✗ {breach}")
        for words in found.unreachable:
            say(f"  could not look: {words}")
        say("Everything is as it must be." if not found.breaches else _MEND)
    return 1 if found.breaches or found.unreachable else 0
