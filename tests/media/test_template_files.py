"""A template that is wrong is refused with its file, table, key and the choices; a good one wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.core.errors import NotFound, Refused
from lib.media.layout.sheet import Says, figure
from lib.templates.load import TemplateFolders
from lib.templates.names import FORMATS, PAGES
from lib.templates.zones import crossed, safe
from tests.media.conftest import ASSETS, TEMPLATES

GOOD = 'about = "A page."\n[all]\narea = [8, 16, 86, 70]\n'


def folders(tmp_path: Path, text: str, name: str = "posts/mine") -> TemplateFolders:
    file = tmp_path / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return TemplateFolders([tmp_path, ASSETS / "templates"])


def test_there_are_six_templates_of_each_kind_and_none_is_broken() -> None:
    assert not any(TEMPLATES.problems().values())
    for kind, pages in PAGES.items():
        found = TEMPLATES.templates(kind)
        assert len(found) >= 6
        for template in found:
            assert list(template.pages) == list(pages)
            assert all(list(shapes) == list(FORMATS) for shapes in template.pages.values())
            assert template.about


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[all]\nstcak = ['heading']", ["[all] stcak: unknown key", "stack", "motion"]),
        ("[cover]\nanchor = 'up'", ["[cover] anchor: must be 'top', 'middle' or 'bottom'", "'up'"]),
        ("[all]\nheading = { siz = [3, 5] }", ["[all] heading.siz: unknown key", "size"]),
        ("[all]\nheading = { size = [9, 5] }", ["heading.size", "[smallest, largest]"]),
        ("[all]\nbody = { colour = 'red' }", ["body.colour", "'accent'", "'red'"]),
        ("[all]\npanels = [{ area = [50, 0, 10, 9] }]", ["panels.0.area", "left, top, right"]),
        ("[all]\npanels = [{ are = [5, 0, 10, 9] }]", ["panels.0.are", "choose from area"]),
        ("[9x16.all]\narea = [8, 16, 92, 90]", ["[9x16.all] area", "Instagram", "caption"]),
        ("[4x5.cover]\nstack = []", ["[4x5.cover] stack"]),
        ("[film]\nanchor = 'top'", ["film: unknown", "statement, cover, inner, closing"]),
        ("[10x10.all]\nanchor = 'top'", ["10x10: unknown", "9x16"]),
        ("[9x16.back]\nanchor = 'top'", ["[9x16.back]: unknown", "closing"]),
        ("[all]\nsafe = 3\narea = [8, 16, 86, 70]", ["[all] safe: is derived"]),
        ("[all\n", ["mend the TOML"]),
        ("[all]\nstack = ['bar', 'figure']", ["[all] stack: statement", "add heading"]),
        ("[all]\nstack = ['bar', 'body']", ["[all] stack: cover", "add heading"]),
        ("[all]\nheading = { says = 'figure' }\nstack = ['heading']", ["[all] stack: statement"]),
        ("[all]\nstack = ['heading', 'heading', 'body']", ["[all] stack: heading stands there 2"]),
        ("[all]\nlogo = { length = 0 }", ["[all] logo.length: must be greater"]),
        ("[all]\nquote = { length = 0.01 }", ["[all] quote.length: must be greater"]),
        ("[all]\nrule = { thick = 0 }", ["[all] rule.thick: must be greater"]),
        ("[all]\nheading = { width = 0 }", ["[all] heading.width: must be greater"]),
        ("[all]\nheading = { size = [79, 80] }", ["[all] heading: not even its smallest letters"]),
        (
            "[all]\npanels = [{ area = [6, 30, 94, 90], fit = true }]",
            ["[all] panels: a panel that fits lies under all of the area of statement in 4x5"],
        ),
        ("[all]\ngap = 90", ["[all] area: is 76 high in square, and what stands in it at"]),
        ("[all]\nframe = { inset = 60 }", ["[all] frame.inset: must be less than 45"]),
        ("[all]\ndots = { margin = 50 }", ["[all] dots.margin: must be less than 45"]),
        ("[all]\npanels = [{ area = [50, 50, 50.01, 60] }]", ["at least 1 wide"]),
        ("[all]\nground = { window = [50, 50, 50.01, 60] }", ["at least 1 wide"]),
    ],
)
def test_what_is_wrong_is_named_with_file_table_key_and_choices(
    tmp_path: Path, line: str, words: list[str]
) -> None:
    text = line if line.startswith("[all") else f"[all]\narea = [8, 16, 86, 70]\n{line}"
    found = folders(tmp_path, f'about = "A page."\n{text}')
    problems = found.problems()["posts", "mine"]
    assert problems
    assert all(problem.startswith("posts/mine.toml: ") for problem in problems)
    for word in words:
        assert any(word in problem for problem in problems), problems
    with pytest.raises(Refused, match=r"posts/mine\.toml"):
        found.find("mine")
    assert "mine" not in [template.name for template in found.templates()]


def test_a_template_without_a_sentence_about_it_is_refused(tmp_path: Path) -> None:
    assert "about: missing" in folders(tmp_path, "[all]\n").problems()["posts", "mine"][0]


def test_a_table_of_a_page_in_a_format_wins_over_all_others(tmp_path: Path) -> None:
    text = f"{GOOD}gap = 1\n[9x16.all]\ngap = 2\n[cover]\ngap = 3\n[9x16.cover]\ngap = 5\n"
    pages = folders(tmp_path, text).find("mine")[0].pages
    shown = [pages[page][shape]["gap"] for page in ("inner", "cover") for shape in ("4x5", "9x16")]
    assert shown == [1, 2, 3, 5]


def test_a_part_keeps_what_a_later_table_does_not_say(tmp_path: Path) -> None:
    text = (
        f"{GOOD}heading = {{ size = [3, 5], caps = true }}\n[cover]\nheading = {{ width = 50 }}\n"
    )
    heading = folders(tmp_path, text).find("mine")[0].pages["cover"]["4x5"]["heading"]
    assert heading == {"size": [3, 5], "caps": True, "width": 50}


def test_ones_own_template_replaces_a_bundled_one_and_is_read_again_when_it_changes(
    tmp_path: Path,
) -> None:
    found = folders(tmp_path, GOOD, "posts/split")
    assert found.find("posts/split")[0].about == "A page."
    assert len(found.templates("posts")) == len(TEMPLATES.templates("posts"))
    folders(tmp_path, GOOD.replace("A page", "Another page"), "posts/split")
    assert found.find("posts/split")[0].about == "Another page."


def test_an_unknown_template_is_refused_with_the_choices() -> None:
    with pytest.raises(NotFound, match=r"no template 'splat'; there are: posts/card"):
        TEMPLATES.find("splat")
    assert [each.family for each in TEMPLATES.find("card")] == ["posts", "reels"]


def test_words_of_a_reel_keep_clear_of_the_buttons_on_its_right() -> None:
    assert safe("film", "9x16") == (3, 13.5, 88, 80)
    assert crossed((70, 60, 95, 70), "film", "9x16") is not None
    assert crossed((70, 20, 95, 40), "film", "9x16") is None
    assert crossed((70, 60, 95, 70), "statement", "9x16") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("At 2,000 m it boils at 93 °C", "2,000 m"),
        ("About 37% of all", "37%"),
        ("It costs $40 a day", "$40"),
        ("Seven of ten", None),
        ("The B12 vitamin and 3 others", "3"),
    ],
)
def test_a_figure_is_the_first_number_with_its_unit(text: str, found: str | None) -> None:
    assert figure(Says("Words", text)) == found


@pytest.mark.parametrize(
    ("ground", "words"),
    [
        ("fill = 'colour'", "[film] ground: a film of one colour stands still; give it a window"),
        ("veil = 100", "[film] ground: a veil of 100 hides"),
        ("fill = 'colour', window = [0, 0, 20, 20]", "a window of less than 5 % of a film"),
        ("fill = 'colour', window = [0, 0, 100, 20]", ""),
    ],
)
def test_a_film_that_would_stand_still_is_named(tmp_path: Path, ground: str, words: str) -> None:
    lines = f"{GOOD}[cover]\nground = {{ fill = 'colour' }}\n[film]\nground = {{ {ground} }}\n"
    problems = folders(tmp_path, lines, "reels/mine").problems()["reels", "mine"]
    assert words in "\n".join(problems)
    assert bool(problems) == bool(words)


def test_a_panel_over_all_that_moves_is_named(tmp_path: Path) -> None:
    ground = "ground = { fill = 'colour', window = [10, 20, 80, 60] }"
    for right, bad in ((80, True), (70, False)):
        panel = f"panels = [{{ area = [0, 0, {right}, 100] }}]"
        lines = f"{GOOD}[film]\n{ground}\n{panel}\n"
        problems = folders(tmp_path, lines, "reels/mine").problems()["reels", "mine"]
        assert ["panels: a panel hides all" in problem for problem in problems] == [True] * bad
