"""What the examiner lets through, and in which words it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from lib.app.examine import examine
from lib.core.brand import BrandKit, Fact
from lib.core.proposals import Draft, Past


def kit() -> BrandKit:
    facts = tuple(
        Fact(
            id=f"fact-{i}",
            topic="Rivers",
            headline=f"A river of {i}0 kilometres",
            text=f"This river is {i}0 kilometres long and was surveyed twice.",
            source="The Survey",
        )
        for i in range(1, 5)
    )
    return BrandKit(
        slug="rivers",
        name="Rivers",
        field="water",
        tone="calm",
        handle="@rivers",
        call_to_action="Follow for more",
        palette={  # type: ignore[arg-type]
            "primary": "#112233",
            "secondary": "#223344",
            "accent": "#334455",
            "ink": "#000000",
            "paper": "#FFFFFF",
        },
        fonts={"heading": "Inter-Bold", "body": "Inter-Medium"},  # type: ignore[arg-type]
        logo="rivers/logo.png",
        scenery="dunes",
        hashtags=("#rivers",),
        time_zone="UTC",
        posting_slots=("09:00",),
        platforms=("instagram",),
        daily={"posts": 1, "reels": 1},  # type: ignore[arg-type]
        facts=facts,
        digest="0",
    )


def draft(**changes: Any) -> Draft:
    good: dict[str, Any] = {
        "brand": "rivers",
        "format": "post",
        "title": "A river of 10 kilometres",
        "variant": "dark",
        "facts": ("fact-1",),
        "lines": ("This river is 10 kilometres long.",),
        "caption": "This river is 10 kilometres long and was surveyed twice.",
        "hashtags": ("#rivers",),
    }
    return Draft.model_validate({**good, **changes})


def test_a_draft_that_only_says_what_its_facts_say_is_accepted() -> None:
    assert examine(draft(), kit(), ()).accepted


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"facts": ()}, "states no fact"),
        ({"facts": ("fact-9",)}, "not on the fact sheet"),
        ({"lines": ("This river is 99 kilometres long.",)}, "says 99, which none of its facts"),
        ({"title": "The 7 longest rivers"}, "says 7"),
        ({"lines": ()}, "has 1 lines, not 0"),
        ({"lines": ("   ",)}, "a text is empty"),
        ({"lines": ("See www.rivers.example today",)}, "holds a link"),
        ({"caption": "Read on at https://example.test now"}, "caption holds a link"),
        ({"hashtags": ("rivers",)}, "is no hashtag"),
        ({"hashtags": tuple(f"#tag{i}" for i in range(31))}, "31 hashtags"),
        ({"format": "carousel", "lines": ()}, "has 5 slides, not 0"),
        ({"format": "reel", "lines": ("one",)}, "has 2 to 4 lines, not 1"),
        ({"format": "reel", "lines": ("x" * 91, "y")}, "91 characters"),
        ({"brand": "hills"}, "examined for rivers"),
        ({"template": "opera"}, "rivers has no template 'opera' for a post"),
    ],
)
def test_a_draft_is_refused_with_the_reason(changes: dict[str, Any], words: str) -> None:
    verdict = examine(draft(**changes), kit(), ())
    assert not verdict.accepted
    assert any(words in reason for reason in verdict.reasons), verdict.reasons


def past(**changes: Any) -> Past:
    said = {"brand": "rivers", "format": "post", "title": "Else", "facts": ("fact-2",)}
    return Past.model_validate({**said, **changes})


def test_a_title_is_not_used_twice_whatever_its_case() -> None:
    history = (past(title="a RIVER of 10 kilometres", format="reel"),)
    assert "title" in examine(draft(), kit(), history).reasons[0]


def test_the_same_facts_may_be_told_in_another_format_but_not_in_the_same() -> None:
    assert examine(draft(), kit(), (past(format="reel", facts=("fact-1",)),)).accepted
    assert not examine(draft(), kit(), (past(facts=("fact-1",)),)).accepted


def test_what_another_brand_said_does_not_matter() -> None:
    assert examine(draft(), kit(), (past(brand="hills", facts=("fact-1",)),)).accepted
