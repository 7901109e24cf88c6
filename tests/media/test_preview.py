"""``templates`` and ``preview`` as a designer uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from lib.cli.__main__ import main
from lib.media.layout.film import Layer, Progress
from lib.media.preview import Film
from tests.media.conftest import ASSETS

DOT = Image.new("RGBA", (4, 4), (255, 255, 255, 255))


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
        (["preview", "post/quote"], "no template 'post/quote'; there are: posts/card"),
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


@pytest.fixture
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the only templates that there are: one good, one broken."""
    (tmp_path / "assets").mkdir()
    for name in ("brands", "fonts"):
        (tmp_path / "assets" / name).symlink_to(ASSETS / name)
    monkeypatch.setenv("BRANDCAST_ASSETS", str(tmp_path / "assets"))
    folder = tmp_path / "templates" / "posts"
    folder.mkdir(parents=True)
    (folder / "good.toml").write_text('about = "A."\n[all]\narea = [8, 16, 86, 70]\n')
    (folder / "bad.toml").write_text('about = "A."\n[all]\nanchor = "up"\n')
    return folder


def test_a_preview_of_all_has_the_wanted_format_and_names_what_it_leaves_out(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {}
    for shape in ("16x9", "9x16"):
        file = tmp_path / f"{shape}.png"
        words = ["preview", "--all", "--format", shape, "--data", str(tmp_path), "--out", str(file)]
        assert main(words) == 0
        assert "left out posts/bad: posts/bad.toml: [all] anchor" in capsys.readouterr().err
        with Image.open(file) as sheet:
            sizes[shape] = sheet.size
    assert sizes["16x9"][0] > 2 * sizes["9x16"][0]


def test_a_preview_of_all_where_all_are_broken_is_refused(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (few / "good.toml").unlink()
    assert main(["preview", "--all", "--data", str(tmp_path)]) == 2
    assert "there is no template to draw" in capsys.readouterr().err


def test_a_preview_without_any_brand_is_refused(
    few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "assets" / "brands").unlink()
    assert main(["preview", "good", "--data", str(tmp_path)]) == 2
    assert "there are no brand kits" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("layer", "first", "later"),
    [
        (Layer(DOT, (10, 10), 0.0, 24, solid=True), 34, 10),  # a title rises
        (Layer(DOT, (10, 10), 0.0), 10, 10),  # a signature stands
        (Layer(DOT, (10, 10), 0.5), None, 10),  # a line is not there yet
    ],
    ids=["title", "signature", "line"],
)
def test_a_previews_first_frame_is_the_films_first_frame(
    layer: Layer, first: int | None, later: int
) -> None:
    none = Progress((0, 0), (2, 2), (0, 0, 0), (0, 0, 0), parts=0)
    film = Film(Image.new("RGB", (60, 60)), [layer], none)
    tops = [film.at(share).getbbox() for share in (0.0, 0.5)]
    assert [box and box[1] for box in tops] == [first, later]
