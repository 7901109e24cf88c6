"""``sweep``: what the bucket holds, what may go and why; remove it, or only say so."""

from __future__ import annotations

import argparse
import dataclasses

from lib import logs
from lib.app.storage.carry_out import Hand
from lib.app.storage.passes import sweep_everything
from lib.app.storage.report import Swept
from lib.app.storage.verdict import Act
from lib.cli.client import settings_for
from lib.cli.cost import kept_a_month
from lib.cli.output import emit, say, table
from lib.core.retention import POLICY, StorageClass
from lib.ports import ObjectInfo
from lib.wiring.local import LocalStudio, open_local

#: Lines of each list that are printed for people; JSON holds them all.
MOST_LINES = 20
_WORDS = {
    Act.DELETE.value: ("deleted", "would be deleted"),
    Act.QUARANTINE.value: ("moved into quarantine", "would be moved into quarantine"),
    Act.ADOPT.value: ("taken back for a plan", "would be taken back for a plan"),
}


def sweep(args: argparse.Namespace) -> int:
    """Sweep the whole bucket or restore one object; return 1 when something was held back."""
    settings = settings_for(args.data)
    local = open_local(settings)
    logs.write_to(settings.data / "studio.log")
    try:
        if args.restore:
            return _restore(local, args)
        report = sweep_everything(local.studio, dry_run=args.dry_run, past_limit=args.past_limit)
    finally:
        local.close()
    if args.json:
        emit(dataclasses.asdict(report) | {"dollars_a_month": _dollars(report)})
    else:
        _say(report)
    return 1 if report.stopped or report.unreachable else 0


def _restore(local: LocalStudio, args: argparse.Namespace) -> int:
    """Take one object out of quarantine."""
    report = Swept(dry_run=args.dry_run)
    info: ObjectInfo = Hand(local.studio, report, dry_run=args.dry_run).restore(args.restore)
    if args.json:
        emit({"restored": info.path, "bytes": info.size, "dry_run": args.dry_run})
    else:
        verb = "would lie" if args.dry_run else "lies"
        say(f"{info.path} {verb} where it was ({_mb(info.size)}); it is yours from now on.")
    return 0


def _say(report: Swept) -> None:
    """Print a report for people."""
    _say_totals(report)
    _say_proofs(report)
    for brand in report.stopped:
        say(
            f"Held back: {brand['objects']} of {brand['of']} objects of {brand['brand']} would"
            f" leave ({_mb(brand['bytes'])}): {brand['why']}."
        )
        say("  Rather do records lack than works. If you know why: ./brandcast sweep --past-limit")
    for words in report.unreachable:
        say(f"  could not look: {words}")
    if report.refused_objects:
        say(f"{report.refused_objects} objects that no plan names stay:")
    for one in report.refused[:MOST_LINES]:
        say(f"  {one['object']}: {one['why']}")
    _say_rest(report.refused_objects)


def _say_totals(report: Swept) -> None:
    rows = []
    for name, total in report.totals.items():
        told = report.forecast["by_class"][name]
        steady = told["steady_bytes"]
        rows.append(
            [
                name.replace("_", " "),
                str(total["objects"]),
                _mb(total["bytes"]),
                _mb(told["bytes_a_day_7"]),
                "grows" if steady is None else _mb(steady),
                _keep(StorageClass(name)),
            ]
        )
    table(["class", "objects", "bytes", "a day, last 7", "comes to rest at", "kept"], rows)
    say(f"\n{report.objects} objects, {_mb(report.bytes)}.")
    dollars = _dollars(report)
    told = report.forecast
    say(
        f"In 30 days {_mb(told['in_30_days_bytes'])}, in a year {_mb(told['in_a_year_bytes'])}: "
        f"${dollars['now']:,.4f} a month now, ${dollars['in_a_year']:,.4f} then, on Google Cloud."
    )


def _say_proofs(report: Swept) -> None:
    for act, words in _WORDS.items():
        found = [one for one in report.proofs if one["act"] == act]
        if not found:
            continue
        size = _mb(sum(one["bytes"] for one in found))
        say(f"{len(found)} {words[report.dry_run]} ({size}):")
        for one in found[:MOST_LINES]:
            say(f"  {one['object']} ({_mb(one['bytes'])}): {one['why']}")
        _say_rest(len(found))
    if report.scratch_files:
        verb = "would be deleted" if report.dry_run else "deleted"
        size = _mb(report.scratch_bytes)
        say(f"{report.scratch_files} files that died processes left here {verb} ({size}).")
    if not (report.proofs or report.stopped or report.unreachable):
        say("Nothing may go.")


def _say_rest(count: int) -> None:
    if count > MOST_LINES:
        say(f"  … and {count - MOST_LINES} more: --json names them")


def _dollars(report: Swept) -> dict[str, float]:
    """Return what keeping costs on Google Cloud a month, by list prices."""
    return {
        "now": kept_a_month(report.bytes),
        "in_30_days": kept_a_month(report.forecast["in_30_days_bytes"]),
        "in_a_year": kept_a_month(report.forecast["in_a_year_bytes"]),
    }


def _keep(cls: StorageClass) -> str:
    keep_s = POLICY[cls].keep_s
    if keep_s is not None:
        days, hours = divmod(round(keep_s / 3600), 24)
        return f"{days} days" if days > 2 else f"{days * 24 + hours} h"
    return "while needed" if cls is StorageClass.RAW else "for ever"


def _mb(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"
