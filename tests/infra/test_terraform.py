"""Terraform itself, offline: form, validity against the real schema, its own tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from infra.offline import extract_schema
from infra.offline.provider import SCHEMA
from infra.offline.terraform import STAND_INS, Workspace, workspace
from lib.core.errors import ToolFailed
from tests.infra.conftest import CHOSEN, Change, append, edit


def test_every_file_is_formatted(ours: Workspace) -> None:
    done = ours.run("fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, done.stdout


def test_a_planted_crooked_line_is_found(ours: Workspace) -> None:
    append("outputs.tf", 'output "x" {\nvalue=1\n}\n')(ours.folder)
    assert ours.run("fmt", "-check", "-recursive").returncode != 0


def test_the_whole_folder_is_valid(ours: Workspace) -> None:
    assert (ours.folder / "backend.tf").is_file()
    assert ours.validate() == ""


PLANTED = {
    "an attribute that there is not": edit("storage.tf", "force_destroy ", "force_destroyed "),
    "an attribute deep inside that there is not": edit(
        "services.tf", "startup_cpu_boost ", "startup_cpu_bost "
    ),
    "a block that there is not": edit("events.tf", "  retry_policy {", "  retry_polices {"),
    "a resource that there is not": edit(
        "queues.tf", 'resource "google_cloud_scheduler_job"', 'resource "google_cloud_scheduler"'
    ),
    "what is required and missing": edit("events.tf", '  name       = "objects-dead"\n', ""),
    "text for a number": edit("alerts.tf", "threshold_percent = 0.5", 'threshold_percent = "half"'),
    "a block too many": edit(
        "storage.tf", "  versioning {\n    enabled = false\n  }\n", "  versioning {\n    enabled = false\n  }\n" * 2
    ),
    "a reference to nothing": edit(
        "outputs.tf", "google_storage_bucket.media", "google_storage_bucket.medium"
    ),
    "an output of a resource that there is not": edit(
        "release.tf", "google_service_account.release.member", "google_service_account.release.mail"
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", PLANTED.values(), ids=PLANTED.keys())
def test_a_planted_fault_is_no_valid_configuration(
    provider: dict[str, str], change: Change
) -> None:
    with workspace(provider, change) as ours:
        assert "Error" in ours.validate()


def test_its_own_tests_pass(ours: Workspace) -> None:
    done = ours.run("test", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr
    ran = re.search(r"Success! (\d+) passed, 0 failed", done.stdout)
    assert ran is not None
    assert int(ran[1]) == len(re.findall(r"^run ", _tests(ours), re.MULTILINE))


def test_its_own_tests_can_fail(provider: dict[str, str]) -> None:
    change = edit("queues.tf", 'var.paused ? "PAUSED"', 'var.paused ? "RUNNING"')
    with workspace(provider, change) as ours:
        done = ours.run("test", "-no-color")
    assert done.returncode != 0
    assert "pausing_stops_the_queues_and_the_tick" in done.stdout


def _tests(ours: Workspace) -> str:
    return "".join(file.read_text() for file in (ours.folder / "tests").glob("*.tftest.hcl"))


def test_a_plan_makes_everything_from_nothing(planned: dict[str, Any]) -> None:
    actions = [tuple(change["change"]["actions"]) for change in planned["resource_changes"]]
    assert len(actions) > 100
    assert set(actions) <= {("create",), ("read",)}


def test_nothing_can_be_applied_offline(ours: Workspace) -> None:
    ours.plan(CHOSEN)
    done = ours.run("apply", "-no-color", "plan")
    assert done.returncode != 0
    assert "offline stand-in" in done.stderr


def test_a_plan_that_fails_says_why(provider: dict[str, str]) -> None:
    with workspace(provider) as ours, pytest.raises(ToolFailed) as caught:
        ours.plan({**STAND_INS, "image": "studio:latest"})
    assert "by its digest" in caught.value.tail


def test_the_schema_is_of_the_types_in_use(planned: dict[str, Any]) -> None:
    schema = json.loads(SCHEMA.read_text())
    resources, data_sources = extract_schema.types_in_use()
    assert set(schema["resources"]) == resources
    assert set(schema["data_sources"]) == data_sources
    assert {r["type"] for r in planned["resource_changes"]} == resources
    assert "hashicorp/google 8." in schema["origin"]
    assert "MPL-2.0" in schema["origin"]
    assert SCHEMA.stat().st_size < 120_000


def test_a_changed_copy_is_planned_and_the_folder_is_left_alone(
    changed: Callable[[Change], Any],
) -> None:
    before = (extract_schema.INFRA / "events.tf").read_text()
    after = changed(edit("events.tf", 'name       = "objects"', 'name       = "other"'))
    assert "other" in {topic["name"] for topic in after.of("google_pubsub_topic")}
    assert (extract_schema.INFRA / "events.tf").read_text() == before
