"""A folder of templates as it really is: locks of editors, folders, links, files that go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from lib.templates.load import TemplateFolders

GOOD = 'about = "A page."\n[all]\narea = [8, 16, 86, 70]\n'


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    """Return a folder of posts with one good template."""
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "good.toml").write_text(GOOD)
    return tmp_path / "posts"


def test_what_editors_and_systems_leave_beside_a_template_is_passed_over(posts: Path) -> None:
    (posts / ".#good.toml").symlink_to("somebody@somewhere.4711")
    (posts / "._good.toml").write_bytes(b"\0\5\26\7")
    (posts / "older.toml").mkdir()
    found = TemplateFolders([posts.parent])
    assert [template.name for template in found.templates()] == ["good"]
    assert found.problems() == {("posts", "good"): []}


def odd_link(file: Path) -> None:
    file.symlink_to("nowhere")


def odd_nesting(file: Path) -> None:
    file.write_text(f"{GOOD}deep = {'[' * 5000}{']' * 5000}\n")


def odd_keys(file: Path) -> None:
    deep = f"{'.'.join('a' * 3000)} = 1\n"
    file.write_text(f"{GOOD}{deep}[cover]\n{deep}")


def odd_number(file: Path) -> None:
    file.write_text(f"{GOOD}gap = {'9' * 5000}\n")


def odd_letters(file: Path) -> None:
    file.write_bytes(GOOD.encode("utf-16"))


def odd_rights(file: Path) -> None:
    file.write_text(GOOD)
    file.chmod(0)


ODD = [odd_link, odd_nesting, odd_keys, odd_number, odd_letters, odd_rights]


@pytest.mark.parametrize("odd", ODD, ids=lambda each: each.__name__)
def test_a_file_that_cannot_be_read_is_a_problem_of_that_file_alone(posts: Path, odd: Any) -> None:
    odd(posts / "odd.toml")
    found = TemplateFolders([posts.parent])
    if odd is odd_rights and os.access(posts / "odd.toml", os.R_OK):
        pytest.skip("this user reads whatever it likes")
    assert [template.name for template in found.templates()] == ["good"]
    (problem,) = found.problems()["posts", "odd"]
    assert problem.startswith("posts/odd.toml: ")
    assert len(problem) < 200


def test_a_file_that_goes_while_its_folder_is_listed_stops_nobody(
    posts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = TemplateFolders([posts.parent])
    (posts / "gone.toml").write_text(GOOD)
    listed = found.files()
    (posts / "gone.toml").unlink()
    monkeypatch.setattr(found, "files", lambda kind=None: listed)
    assert [template.name for template in found.templates()] == ["good"]


def test_a_template_saved_with_a_byte_order_mark_is_read(posts: Path) -> None:
    (posts / "good.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert TemplateFolders([posts.parent]).problems() == {("posts", "good"): []}
