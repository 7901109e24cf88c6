"""Run Terraform on a copy of this folder with the stand-in for Google's provider.

Called by ``./brandcast deploy plan`` and by the tests. Nothing is written into the folder itself,
and no account, state or network is touched.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.offline.provider import PROJECT, serving
from lib.core.errors import Refused, ToolFailed

INFRA = Path(__file__).resolve().parent.parent
#: Values for the variables that every deployment must choose, where none were chosen.
STAND_INS: dict[str, Any] = {
    "project": PROJECT,
    "state_bucket": f"{PROJECT}-state",
    "image": f"europe-west1-docker.pkg.dev/{PROJECT}/brandcast/studio@sha256:{'0' * 64}",
}
#: What a person chose, in Terraform's own file.
CHOSEN = "terraform.tfvars"
#: Only a deploy has a backend; a plan from nothing needs none.
_BACKEND = "backend.tf"
_SUFFIXES = (".tf", ".hcl", ".json", ".rules")
#: Seconds after which Terraform hangs.
LIMIT_S = 120.0


def binary() -> str:
    """Return the Terraform of this machine. Raises Refused when there is none."""
    found = shutil.which("terraform")
    if found is None:
        raise Refused(
            "terraform is not on the PATH", hint="install Terraform 1.9 or newer, then try again"
        )
    return found


@dataclass(frozen=True)
class Workspace:
    """A copy of the folder in which Terraform may run."""

    folder: Path
    _environment: dict[str, str] = field(repr=False)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command and return what it said, whatever it came to."""
        return subprocess.run(
            [binary(), *words],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def validate(self) -> str:
        """Return what Terraform finds wrong, or an empty string."""
        done = self.run("validate", "-no-color")
        return "" if done.returncode == 0 else done.stderr

    def plan(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plan from nothing, as Terraform's JSON. Raises ToolFailed."""
        (self.folder / _BACKEND).unlink(missing_ok=True)
        given = self.folder / "offline.tfvars.json"
        given.write_text(json.dumps(dict(variables)))
        options = ("-input=false", "-no-color", "-out=plan", f"-var-file={given.name}")
        done = self.run("plan", *options)
        if done.returncode == 0:
            done = self.run("show", "-json", "plan")
        if done.returncode != 0:
            raise ToolFailed("terraform", "could not plan this", tail=done.stderr.strip())
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@contextmanager
def workspace(
    environment: Mapping[str, str],
    change: Callable[[Path], None] | None = None,
    *,
    chosen: Sequence[Path] = (),
) -> Iterator[Workspace]:
    """Copy the folder, change the copy if asked to, and lend it.

    ``environment`` is what a served provider asks for. What a person chose is copied only when
    it is named in ``chosen``.
    """
    with tempfile.TemporaryDirectory(prefix="brandcast-infra-") as place:
        folder = Path(place)
        for file in INFRA.iterdir():
            if file.suffix in _SUFFIXES and file.is_file():
                shutil.copy(file, folder)
        for file in chosen:
            shutil.copy(file, folder)
        if (INFRA / "tests").is_dir():
            shutil.copytree(INFRA / "tests", folder / "tests")
        if change is not None:
            change(folder)
        config = folder / ".terraformrc"
        config.touch()
        ours = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "BRANDCAST_"))}
        said = {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1"}
        said["TF_CLI_CONFIG_FILE"] = str(config)
        yield Workspace(folder, ours | said | dict(environment))


def chosen_files(folder: Path = INFRA) -> list[Path]:
    """Return the files in which a person chose the variables of a deployment."""
    files = [folder / CHOSEN, *sorted(folder.glob("*.auto.tfvars"))]
    return [file for file in files if file.is_file()]


def stand_ins(files: Sequence[Path]) -> dict[str, Any]:
    """Return the stand-ins for what none of these files says."""
    text = "\n".join(file.read_text() for file in files)
    chosen = set(re.findall(r"^\s*(\w+)\s*=", text, re.MULTILINE))
    return {name: value for name, value in STAND_INS.items() if name not in chosen}


def plan(files: Sequence[Path], **variables: Any) -> dict[str, Any]:
    """Return the plan of the folder with what these files choose, and stand-ins for the rest.

    Raises Refused without Terraform, ToolFailed when it cannot plan.
    """
    binary()
    with serving() as environment, workspace(environment, chosen=files) as ours:
        return ours.plan({**stand_ins(files), **variables})
