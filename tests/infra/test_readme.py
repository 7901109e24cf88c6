"""infra/README.md says what is planned, and its commands are ones that exist."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.offline.picture import Picture, short
from infra.offline.provider import PROJECT
from infra.offline.summary import callers, rights
from lib import deployment
from lib.cli.parser import parse
from lib.core.tools import QUEUES, ladder
from tests.conftest import missing
from tests.house.source import ROOT

TEXT = (ROOT / "infra" / "README.md").read_text()


def rows(heading: str, text: str = TEXT) -> dict[str, list[str]]:
    """Return the rows of the table with this first heading, by their first cell."""
    table = re.search(rf"^\| {heading} \|.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table is not None, heading
    lines = [line.strip("|\n").split("|") for line in table[1].splitlines()]
    return {
        cells[0].strip().strip("`"): [c.strip().strip("`") for c in cells[1:]] for cells in lines
    }


def commands(text: str = TEXT) -> list[str]:
    """Return the indented lines: the commands."""
    return [line.strip() for line in re.findall(r"^(?: {4}| {8})(\S.*)$", text, re.MULTILINE)]


def mistakes(found: Picture, text: str = TEXT) -> list[str]:
    """Return where the table of services says something else than the plan."""
    table, faults = rows("service", text), []
    if set(table) != set(found.services):
        return [f"{sorted(table)} are not {sorted(found.services)}"]
    for service in found.services.values():
        by, account, may = table[service.name]
        planned = "; ".join(rights(found, service.account)).replace(PROJECT, "PROJECT")
        called = ", ".join(callers(found, service))
        if by != called and "members" not in by:
            faults.append(f"{service.name} is called by {called}, not by {by}")
        if account != short(service.account):
            faults.append(f"{service.name} runs as {service.account}, not as {account}")
        if may != planned:
            faults.append(f"{service.name} may {planned}, not {may}")
    return faults


@pytest.fixture(scope="module")
def plain(found: Picture) -> Picture:
    """The plan without the secret that only the tests choose."""
    kept = tuple(grant for grant in found.grants if grant.kind != "secret")
    return Picture(found.services, kept, found.roles, found.calls, found.raw)


def test_the_table_of_services_is_what_is_planned(plain: Picture) -> None:
    assert mistakes(plain) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("| brandcastSettler on bucket", "| brandcastMaker on bucket"),
        ("| Cloud Tasks desk |", "| Cloud Tasks render |"),
        ("| `on-tick` | brand", "| `on-object` | brand"),
        ("; datastore.user on database brandcast", ""),
        ("| `on-tick` | Cloud", "| `on-tock` | Cloud"),
    ],
)
def test_a_table_that_says_something_else_is_found(plain: Picture, old: str, new: str) -> None:
    assert old in TEXT
    assert mistakes(plain, TEXT.replace(old, new, 1)) != []


def test_the_table_of_our_roles_is_what_is_planned(found: Picture) -> None:
    planned = {short(role): [", ".join(sorted(may))] for role, may in found.roles.items()}
    assert rows("role of ours") == planned


def test_the_table_of_time_is_what_the_code_says() -> None:
    table = rows("service", TEXT[TEXT.index("## Time") :])
    wanted = {
        name: ["–", f"{s.timeout_s} s", "–", "–"] for name, s in deployment.services().items()
    }
    wanted["on-object"][2] = f"{deployment.EVENT_ACK_S} s"
    wanted["on-tick"][2] = f"{deployment.TICK_DEADLINE_S} s"
    for queue in QUEUES:
        rungs = ladder(queue)
        limits = (rungs.tool_s, rungs.request_s, rungs.dispatch_s, rungs.lease_s)
        wanted[f"on-step-{queue}"] = [f"{limit:g} s" for limit in limits]
    assert table == wanted


def test_every_alert_says_what_it_means_and_what_to_do(found: Picture) -> None:
    planned = {
        alert["display_name"].partition(": ")[2]
        for alert in found.of("google_monitoring_alert_policy")
    }
    table = rows("alert")
    assert set(table) == planned
    assert all(len(cell) > 20 for cells in table.values() for cell in cells)


def gcloud_lines(lines: list[str]) -> Iterator[str]:
    """Return every gcloud command, also those inside of others, with values for the variables."""
    values = {"PROJECT": "p", "REGION": "europe-west1", "STATE": "s"}
    for line in lines:
        plain = re.sub(r"\$(\w+)", lambda match: values.get(match[1], match[0]), line)
        inner = re.findall(r"\$\((gcloud [^()]*(?:\([^()]*\))?[^()]*)\)", plain)
        yield from [plain] if plain.startswith("gcloud") else inner


def test_every_command_of_googles_is_one_that_its_command_line_knows(tmp_path: Path) -> None:
    found = list(dict.fromkeys(gcloud_lines(commands())))
    assert len(found) >= 15
    assert unknown(found, tmp_path) == []


def test_a_planted_option_that_gcloud_does_not_know_is_found(tmp_path: Path) -> None:
    planted = [
        "gcloud tasks queues pause desk --place europe-west1",
        "gcloud tasks queue pause desk",
        "gcloud storage buckets create gs://s --uniform",
    ]
    assert unknown(planted, tmp_path) == planted


def unknown(lines: list[str], folder: Path) -> list[str]:
    """Return the commands that Google's own command line does not know, or not in that way."""
    if shutil.which("gcloud") is None:
        missing("gcloud")
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": line} for line in lines]))
    command = ["gcloud", "meta", "lint-gcloud-commands", f"--commands-file={file}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = json.loads(done.stdout)
    assert len(said) == len(lines)
    return [line for line, one in zip(lines, said, strict=True) if not one["success"]]


def test_every_command_of_ours_exists_and_every_variable_is_one() -> None:
    variables = (ROOT / "infra" / "variables.tf").read_text()
    for line in commands():
        if line.startswith("./brandcast"):
            assert parse(shlex.split(line)[1:]).command == "deploy"
    for name in re.findall(r'-var "(\w+)=', TEXT):
        assert f'variable "{name}"' in variables
    for name in re.findall(r"^.*printf '%s\\n' (.*) >", TEXT, re.MULTILINE):
        assert set(re.findall(r"(\w+) = ", name)) == {
            "project", "region", "state_bucket", "members", "alert_email"
        }  # fmt: skip


def test_what_is_targeted_exists(found: Picture) -> None:
    for kind, name in re.findall(r"-target=(google_\w+)\.(\w+)", TEXT):
        files = "\n".join(file.read_text() for file in (ROOT / "infra").glob("*.tf"))
        assert f'resource "{kind}" "{name}"' in files


def test_every_first_command_stands_once() -> None:
    first = TEXT[TEXT.index("## First deploy") : TEXT.index("## Afterwards")]
    lines = commands(first)
    assert len(lines) == len(set(lines)) >= 14
