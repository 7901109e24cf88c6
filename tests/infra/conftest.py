"""The folder infra/ as Terraform sees it, with the stand-in for Google's provider."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.offline.picture import Picture, picture
from infra.offline.provider import serving
from infra.offline.terraform import STAND_INS, Workspace, workspace
from tests.conftest import missing

#: What the tests choose, so that everything optional is there too.
CHOSEN: dict[str, Any] = {
    **STAND_INS,
    "members": ["user:ann@example.com"],
    "alert_email": "ann@example.com",
    "billing_account": "AAAAAA-BBBBBB-CCCCCC",
    "secrets": {"VOICE_KEY": "on-step-render"},
}
Change = Callable[[Path], None]


@pytest.fixture(scope="session")
def provider() -> Iterator[dict[str, str]]:
    """The environment in which Terraform finds the stand-in."""
    if shutil.which("terraform") is None:
        missing("terraform")
    with serving() as environment:
        yield environment


@pytest.fixture(scope="session")
def planned(provider: dict[str, str]) -> dict[str, Any]:
    """The plan of the folder as it is."""
    with workspace(provider) as ours:
        return ours.plan(CHOSEN)


@pytest.fixture(scope="session")
def found(planned: dict[str, Any]) -> Picture:
    return picture(planned)


@pytest.fixture
def ours(provider: dict[str, str]) -> Iterator[Workspace]:
    """A copy of the folder in which Terraform may run."""
    with workspace(provider) as copied:
        yield copied


@pytest.fixture(scope="session")
def changed(provider: dict[str, str]) -> Callable[[Change], Picture]:
    """Plan a changed copy of the folder."""

    def plan(change: Change) -> Picture:
        with workspace(provider, change) as copied:
            return picture(copied.plan(CHOSEN))

    return plan


def edit(file: str, old: str, new: str) -> Change:
    """A change of one file; ``old`` must be there, or the change would prove nothing."""

    def apply(folder: Path) -> None:
        text = (folder / file).read_text()
        assert old in text, f"{file} has no {old!r}"
        (folder / file).write_text(text.replace(old, new))

    return apply


def append(file: str, text: str) -> Change:
    def apply(folder: Path) -> None:
        with (folder / file).open("a") as stream:
            stream.write(text)

    return apply
