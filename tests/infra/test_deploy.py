"""./brandcast deploy: what a deploy would do, said before anybody has an account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.offline import terraform
from infra.offline.release import beyond_a_release
from lib import deployment
from lib.cli import __main__ as cli
from lib.cli import deploy


@pytest.fixture(autouse=True)
def _nothing_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a deployment of their own."""
    monkeypatch.setattr(terraform, "chosen_files", list)


@pytest.fixture
def said(provider: dict[str, str], capsys: pytest.CaptureFixture[str]) -> str:
    del provider  # only: terraform is here
    assert cli.main(["deploy", "plan"]) == 0
    return capsys.readouterr().out


def test_a_plan_says_by_room_what_would_be_created(said: str) -> None:
    for room in ("Services", "Work", "What is kept", "Who may do what", "Alerts"):
        assert f"── {room}\n" in said
    assert "resources would be created" in said
    for service in deployment.services():
        assert service in said
    assert "brandcastSettler on bucket offline-project-media" in said
    assert "rules are kept" in said


def test_a_plan_says_which_choices_are_still_stand_ins(said: str) -> None:
    assert "stand-ins are shown for: project, state_bucket, image" in said


def test_what_is_chosen_is_planned_and_is_no_stand_in(
    provider: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / terraform.CHOSEN
    file.write_text('project = "my-project"\n# image = "x"\nmembers = ["user:ann@example.com"]\n')
    monkeypatch.setattr(terraform, "chosen_files", lambda: [file])
    assert cli.main(["deploy", "plan", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["stand_ins"]) == {"state_bucket", "image"}
    assert document["buckets"][0]["name"] == "my-project-media"
    assert document["services"][-1]["called_by"] == ["user:ann@example.com"]


def test_choices_are_read_from_terraforms_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for name in (terraform.CHOSEN, "more.auto.tfvars", "other.tfvars"):
        (tmp_path / name).touch()
    found = [file.name for file in terraform.chosen_files(tmp_path)]
    assert found == [terraform.CHOSEN, "more.auto.tfvars"]


def test_a_plan_is_one_document_for_scripts(
    provider: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["deploy", "plan", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {s["name"] for s in document["services"]} == set(deployment.services())
    assert document["faults"] == {}


def test_a_plan_that_breaks_a_rule_is_a_problem(
    provider: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = terraform.plan([])

    def public(_: Any) -> dict[str, Any]:
        for resource in planned["planned_values"]["root_module"]["resources"]:
            if resource["address"].endswith('invoker["on-tick/tick-caller"]'):
                resource["values"]["member"] = "allUsers"
        return planned

    monkeypatch.setattr(terraform, "plan", public)
    assert cli.main(["deploy", "plan"]) == 1
    assert "✗ nothing is public" in capsys.readouterr().out


def test_without_terraform_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert cli.main(["deploy", "plan"]) == 2
    assert "terraform is not on the PATH\n  install Terraform" in capsys.readouterr().err


def test_what_terraform_refuses_is_shown(
    provider: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(terraform.STAND_INS, "image", "studio:latest")
    assert cli.main(["deploy", "plan"]) == 2
    assert "Name the image by its digest" in capsys.readouterr().err


def test_old_constants_are_said_before_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "constants.auto.tfvars.json"
    old.write_text(deployment.tfvars().replace("660", "600"))
    monkeypatch.setattr(deploy, "CONSTANTS", old)
    assert cli.main(["deploy", "plan"]) == 2
    assert "deploy constants --write" in capsys.readouterr().err


def test_constants_are_written_where_terraform_reads_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(deploy, "ROOT", tmp_path)
    monkeypatch.setattr(deploy, "CONSTANTS", tmp_path / "constants.auto.tfvars.json")
    assert cli.main(["deploy", "constants", "--write"]) == 0
    assert deploy.CONSTANTS.read_text() == deployment.tfvars()
    capsys.readouterr()
    assert cli.main(["deploy", "constants"]) == 0
    assert json.loads(capsys.readouterr().out) == deployment.constants()


def change(kind: str, *actions: str) -> dict[str, Any]:
    return {"type": kind, "address": f"{kind}.x", "change": {"actions": list(actions)}}


SERVICE = change("google_cloud_run_v2_service", "update")


def test_a_release_changes_what_the_services_run() -> None:
    unchanged = change("google_storage_bucket", "no-op")
    read = change("google_project", "read")
    assert beyond_a_release({"resource_changes": [SERVICE, unchanged, read]}) == []


@pytest.mark.parametrize(
    "more",
    [
        change("google_cloud_run_v2_service", "create"),
        change("google_cloud_run_v2_service", "delete", "create"),
        change("google_project_iam_member", "create"),
        change("google_cloud_tasks_queue", "update"),
    ],
)
def test_anything_else_is_more_than_a_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: dict[str, Any]
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps({"resource_changes": [SERVICE, more]}))
    assert cli.main(["deploy", "release", str(file)]) == 1
    assert more["address"] in capsys.readouterr().out


def test_what_is_no_plan_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.json"
    file.write_text("{}")
    assert cli.main(["deploy", "release", str(file)]) == 2
    assert "terraform show -json" in capsys.readouterr().err
