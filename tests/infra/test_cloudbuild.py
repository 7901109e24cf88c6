"""cloudbuild.yaml: valid, least in rights, and in an order in which nothing untested is run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.offline.picture import Picture
from lib.cli.parser import parse
from tests.house.source import ROOT

FILE = ROOT / "cloudbuild.yaml"


@pytest.fixture(scope="module")
def build() -> Any:
    return yaml.safe_load(FILE.read_text())


def schema_faults(file: Path) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.cloudbuild"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_it_is_what_cloud_build_reads() -> None:
    assert schema_faults(FILE) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [("entrypoint:", "entripoint:"), ("CLOUD_LOGGING_ONLY", "CLOUD_LOGS"), ("steps:", "stages:")],
)
def test_a_planted_word_that_cloud_build_does_not_know_is_found(
    tmp_path: Path, old: str, new: str
) -> None:
    file = tmp_path / "cloudbuild.yaml"
    file.write_text(FILE.read_text().replace(old, new, 1))
    assert schema_faults(file) != ""


def test_nothing_is_deployed_that_was_not_tested(build: Any) -> None:
    order = [step["id"] for step in build["steps"]]
    assert order == ["tools", "test", "image", "push", "choices", "plan", "only-a-release", "apply"]
    assert not any("waitFor" in step or "allowFailure" in step for step in build["steps"])


def test_every_step_and_the_whole_have_a_time_limit(build: Any) -> None:
    limits = [int(step["timeout"].removesuffix("s")) for step in build["steps"]]
    assert max(limits) <= int(build["timeout"].removesuffix("s"))


def test_every_image_of_a_step_has_a_version_or_is_the_platforms_own(build: Any) -> None:
    own = {"gcr.io/k8s-skaffold/pack", "gcr.io/cloud-builders/docker"}
    for step in build["steps"]:
        assert step["name"] in own or re.search(r":\d+\.\d+\.\d+", step["name"]), step["id"]


def test_it_runs_as_the_account_that_terraform_makes(build: Any, found: Picture) -> None:
    account = build["serviceAccount"].rpartition("/")[2].partition("@")[0]
    assert account in found.accounts().values()
    (repository,) = found.of("google_artifact_registry_repository")
    assert f"/{repository['repository_id']}/" in build["substitutions"]["_IMAGE"]


def test_every_substitution_is_declared_and_used(build: Any) -> None:
    text = FILE.read_text()
    used = set(re.findall(r"\$\{(_\w+)\}", text))
    assert used == set(build["substitutions"])


def test_every_script_is_one_that_a_shell_reads(build: Any) -> None:
    for step in build["steps"]:
        if step["entrypoint"] in {"bash", "sh"}:
            script = step["args"][-1].replace("$$", "$")
            done = subprocess.run(["bash", "-n", "-c", script], capture_output=True, check=False)
            assert done.returncode == 0, step["id"]


def test_the_commands_of_ours_exist(build: Any) -> None:
    texts = [step["args"][-1] for step in build["steps"]]
    lines = re.findall(r"\./brandcast (.+)", "\n".join(texts))
    assert [parse(shlex.split(line)).command for line in lines] == ["test", "deploy"]


def test_the_image_holds_what_a_function_needs_and_no_more() -> None:
    said = tomllib.loads((ROOT / "project.toml").read_text())["io"]["buildpacks"]
    left_out = {name.rstrip("/") for name in said["exclude"]}
    assert {"tests", "infra", ".git", ".venv", "requirements-dev.txt"} <= left_out
    assert not left_out & {"lib", "functions", "assets", "main.py", "requirements.txt"}
    values = {variable["name"]: variable["value"] for variable in said["build"]["env"]}
    assert values["GOOGLE_ENTRYPOINT"] == "functions-framework"
    assert values["GOOGLE_PYTHON_VERSION"].startswith("3.11")


def test_a_build_gets_what_it_runs() -> None:
    ignored = (ROOT / ".gcloudignore").read_text().splitlines()
    assert not {"tests/", "infra/", "brandcast", "requirements-dev.txt"} & set(ignored)
