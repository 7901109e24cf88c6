"""``deploy``: what the code says about its deployment, and what a deploy would create.

Needs no account: the plan is made offline, against the real schema of Google's provider.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from lib import deployment
from lib.cli.output import emit, say, table
from lib.core.errors import Refused, ToolFailed
from lib.settings import ROOT

CONSTANTS = ROOT / "infra" / "constants.auto.tfvars.json"


def deploy(args: argparse.Namespace) -> int:
    """Run one action; return 1 when what it looked at is not as it must be."""
    actions = {"constants": _constants, "plan": _plan, "release": _release}
    return actions[args.action](args)


def _constants(args: argparse.Namespace) -> int:
    """Print the constants, or write them where Terraform reads them."""
    if args.write:
        CONSTANTS.write_text(deployment.tfvars())
        say(f"wrote {CONSTANTS.relative_to(ROOT)}")
    elif args.json:
        emit(deployment.constants())
    else:
        say(json.dumps(deployment.constants(), indent=2))
    return 0


def _release(args: argparse.Namespace) -> int:
    """Tell whether a plan of Terraform's (JSON) changes nothing but what the services run."""
    from infra.offline.release import beyond_a_release

    try:
        beyond = beyond_a_release(json.loads(args.file.read_text()))
    except OSError as error:
        raise Refused(f"{args.file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(
            f"{args.file} is no plan", hint="make it with: terraform show -json PLAN"
        ) from error
    if args.json:
        emit({"release": not beyond, "beyond": beyond})
    elif beyond:
        say("This changes more than what the services run; a person applies it first:")
        for line in beyond:
            say(f"✗ {line}")
    else:
        say("✓ only what the services run is changed")
    return 1 if beyond else 0


def _plan(args: argparse.Namespace) -> int:
    """Plan offline and say by room what would be created, who calls whom, and what is wrong."""
    from infra.offline import terraform
    from infra.offline.picture import picture
    from infra.offline.summary import summary
    from infra.rules import RULES, broken

    if deployment.tfvars() != (CONSTANTS.read_text() if CONSTANTS.is_file() else ""):
        raise Refused(
            f"{CONSTANTS.name} is not what the code says",
            hint="run ./brandcast deploy constants --write",
        )
    chosen = terraform.chosen_files()
    try:
        found = picture(terraform.plan(chosen))
    except ToolFailed as error:
        raise Refused(f"{error}\n{error.tail}", hint="mend infra/, then try again") from error
    faults = broken(found)
    document = summary(found) | {"stand_ins": terraform.stand_ins(chosen), "faults": faults}
    if args.json:
        emit(document)
    else:
        _say(document)
        for rule, lines in faults.items():
            say(f"✗ {rule}")
            for line in lines:
                say(f"    {line}")
        say(f"✓ {len(RULES) - len(faults)} of {len(RULES)} rules are kept")
    return 1 if faults else 0


def _say(document: dict[str, Any]) -> None:
    say(f"From nothing, {document['resources']} resources would be created.")
    if document["stand_ins"]:
        names = ", ".join(document["stand_ins"])
        say(f"Not chosen yet, so stand-ins are shown for: {names}.")
        say("Choose them in infra/terraform.tfvars (infra/README.md, first deploy).")
    _heading("Services")
    table(
        ["service", "function", "limit", "at once", "size", "called by"],
        [
            [
                s["name"],
                s["function"],
                f"{s['timeout_s']:g} s",
                f"{s['requests']} × {s['instances']}",
                f"{s['cpu']} CPU {s['memory']}",
                ", ".join(s["called_by"]) or "nobody yet: choose members",
            ]
            for s in document["services"]
        ],
    )
    _say_work(document)
    _say_kept(document)
    _say_rights(document)
    _heading("Alerts")
    say(", ".join(document["alerts"]) + ("" if document["budget"] else " (no budget is chosen)"))
    say()


def _say_work(document: dict[str, Any]) -> None:
    _heading("Work")
    for queue in document["queues"]:
        pauses = " to ".join(queue["pauses"])
        say(
            f"queue {queue['name']}: {queue['at_once']} at a time; tried until"
            f" {queue['attempts']} times and {queue['retry_for']} are over, pauses of {pauses}"
        )
    for job in document["schedules"]:
        say(f"schedule {job['name']}: {job['schedule']} {job['zone']}")
    for way in document["events"]:
        say(
            f"{' and '.join(way['events'])} in {way['bucket']} → topic {way['topic']} →"
            f" {way['service']}; after {way['attempts']} tries → {way['dead_letters']}"
        )


def _say_kept(document: dict[str, Any]) -> None:
    _heading("What is kept")
    for bucket in document["buckets"]:
        say(f"bucket {bucket['name']} in {bucket['location']}")
    for database in document["databases"]:
        say(
            f"database {database['name']} in {database['location']}: {database['indexes']}"
            f" composite indexes, {database['overrides']} fields with indexes of their own or none"
        )
    for secret in document["secrets"]:
        say(f"secret {secret['name']}, read by {', '.join(secret['read_by'])}")


def _say_rights(document: dict[str, Any]) -> None:
    _heading("Who may do what")
    for account in [*document["accounts"], *document["agents"]]:
        say(account.get("name") or account["member"])
        for right in account["rights"]:
            say(f"    {right}")
    for role, permissions in document["roles"].items():
        say(f"{role}: {', '.join(permissions)}")


def _heading(text: str) -> None:
    say()
    say(f"── {text}")
