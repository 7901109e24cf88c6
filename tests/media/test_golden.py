"""Every template looks as it did when somebody looked at it; what a person would see is found."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from lib.core.brand import Template
from lib.media.preview import Sample
from tests.media import golden
from tests.media.conftest import TEMPLATES

ALL = TEMPLATES.templates()


@pytest.mark.parametrize("template", ALL, ids=lambda each: f"{each.family}-{each.name}")
def test_a_template_looks_as_its_golden_frames_do(template: Template) -> None:
    kept = golden.file_of(template).read_bytes()
    now = golden.encoded(golden.drawn(template, golden.easel_for(template)))
    assert golden.likeness(kept, now) >= golden.LEAST, "look at it, then tests.media.golden --write"


def test_every_golden_frame_has_a_template_and_all_of_them_are_small() -> None:
    files = sorted(golden.FOLDER.iterdir())
    assert files == sorted(golden.file_of(template) for template in ALL)
    assert sum(file.stat().st_size for file in files) < 3_000_000


def one(name: str, **changes: Any) -> bytes:
    """Return a page of a template, drawn with something changed, as it would be kept."""
    template = TEMPLATES.find(f"posts/{name}")[0]
    easel = golden.easel_for(template)
    words = {"title": "Water boils cooler up high", "body": "At 2,000 m it boils at 93 °C."}
    words |= {key: changes[key] for key in ("title", "body") if key in changes}
    if "accent" in changes:
        palette = easel.kit.palette.model_copy(update={"accent": changes["accent"]})
        easel.kit = easel.kit.model_copy(update={"palette": palette})
    if "area" in changes:
        pages = {"statement": {"4x5": {**template.pages["statement"]["4x5"], **changes}}}
        template = template.model_copy(update={"pages": pages})
    says = Sample(words["title"], words["body"], (), "", "@us").says("statement")
    picture = easel.still(template, "statement", "4x5", "dark", says)[0]
    return golden.encoded(picture.resize(golden.CELLS["4x5"], Image.Resampling.LANCZOS))


def moved(name: str) -> list[float]:
    """Return the area of a template, 8 px of 1080 to the right."""
    area = TEMPLATES.find(f"posts/{name}")[0].pages["statement"]["4x5"]["area"]
    return [area[0] + 0.74, area[1], area[2] + 0.74, area[3]]


def test_what_did_not_change_is_alike_to_the_last_bit() -> None:
    assert golden.likeness(one("statement"), one("statement")) == 1.0


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Water boils hotter up high"},
        {"body": "At 2,000 m it simmers at 93 °C."},
        {"accent": "#FF00FF"},
        {"area": moved("statement")},
    ],
    ids=["a word", "a word of the body", "a colour", "8 px"],
)
def test_a_change_that_a_person_would_see_is_found(changes: dict[str, Any]) -> None:
    assert golden.likeness(one("statement"), one("statement", **changes)) < golden.LEAST
