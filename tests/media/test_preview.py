"""``templates`` and ``preview`` as a designer uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from lib.cli.__main__ import main


def test_a_preview_is_written_where_it_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "sheets" / "split.png"
    words = ["preview", "split", "--brand", "night-sky", "--format", "4x5", "--json"]
    assert main([*words, "--data", str(tmp_path), "--out", str(file)]) == 0
    assert json.loads(capsys.readouterr().out) == [str(file)]
    with Image.open(file) as sheet:
        assert sheet.width > 500
        assert sheet.height > 4 * 330


def test_a_template_of_ones_own_is_listed_and_drawn_without_touching_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "templates" / "reels"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('about = "Mine."\n[all]\narea = [8, 16, 82, 70]\n')
    assert main(["templates", "--data", str(tmp_path)]) == 0
    assert "✓ reels/mine        Mine." in capsys.readouterr().out
    file = tmp_path / "mine.png"
    words = ["preview", "mine", "--format", "9x16", "--data", str(tmp_path), "--out", str(file)]
    assert main(words) == 0
    assert file.exists()


def test_a_broken_template_is_listed_with_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "templates" / "posts"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text('about = "Mine."\n[all]\nanchor = "up"\n')
    assert main(["templates", "--data", str(tmp_path)]) == 1
    assert "posts/mine.toml: [all] anchor: must be" in capsys.readouterr().out
    assert main(["preview", "mine", "--data", str(tmp_path)]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["preview", "splat"], "no template 'splat'; there are: posts/card"),
        (["preview", "split", "--brand", "nobody"], "choose from kitchen-proof"),
        (["preview"], "name one template, or --all"),
        (["preview", "split", "--all"], "name one template, or --all"),
        (["preview", "split", "--format", "4x5", "--out", "x.txt"], "ends in .png"),
    ],
)
def test_a_wrong_name_is_refused_with_the_choices(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    if words[-1] == "x.txt":
        words = [*words[:-1], str(tmp_path / "x.txt")]
    assert main([*words, "--data", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err
