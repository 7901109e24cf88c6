"""The offline writer over the real demo brands: true to its facts, and never twice the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from lib.adapters.kits import KitFolders
from lib.adapters.offline.writer import OfflineWriter, lines_of
from lib.app.examine import examine
from lib.core.brand import BrandKit
from lib.core.proposals import LINE_CHARS, Brief, Draft, Past
from lib.settings import ROOT

KITS = KitFolders([ROOT / "assets" / "brands"], fonts=ROOT / "assets" / "fonts")
SLUGS = tuple(KITS.slugs())
#: Days that are simulated, and for how many nothing may be said twice.
DAYS, MEMORY_DAYS = 70, 30


def past(draft: Draft) -> Past:
    return Past(brand=draft.brand, format=draft.format, title=draft.title, facts=draft.facts)


def brief(kit: BrandKit, history: tuple[Past, ...] = (), seed: str = "b", **counts: int) -> Brief:
    wanted = {"posts": kit.daily.posts, "reels": kit.daily.reels, **counts}
    return Brief(kit=kit, history=history, seed=seed, **wanted)


@pytest.mark.parametrize("slug", SLUGS)
def test_daily_targets_are_met_for_ten_weeks_without_a_repetition_in_any_thirty_days(
    slug: str,
) -> None:
    kit = KITS.get(slug)
    said: list[tuple[int, Past]] = []
    for day in range(DAYS):
        window = [one for when, one in said if when > day - MEMORY_DAYS]
        drafts = OfflineWriter().write(brief(kit, tuple(window), f"day-{day}"))
        assert len(drafts) == kit.daily.posts + kit.daily.reels
        for draft in drafts:
            verdict = examine(draft, kit, tuple(window))
            assert verdict.accepted, verdict.reasons
            window.append(past(draft))
            said.append((day, past(draft)))


def test_the_same_brief_gives_the_same_drafts() -> None:
    kit = KITS.get(SLUGS[0])
    assert OfflineWriter().write(brief(kit)) == OfflineWriter().write(brief(kit))
    assert OfflineWriter().write(brief(kit)) != OfflineWriter().write(brief(kit, seed="other"))


def test_an_exhausted_fact_sheet_gives_fewer_drafts_rather_than_repetitions() -> None:
    kit = KITS.get(SLUGS[0])
    few = kit.model_copy(update={"facts": kit.facts[:3]})
    drafts = OfflineWriter().write(brief(few, posts=50, reels=0))
    assert 0 < len(drafts) < 50
    assert len({draft.title.casefold() for draft in drafts}) == len(drafts)


@pytest.mark.parametrize("slug", SLUGS)
def test_lines_of_every_fact_can_be_read_on_a_screen_and_lose_no_word(slug: str) -> None:
    for fact in KITS.get(slug).facts:
        lines = lines_of(fact.text)
        assert len(lines) >= 2
        assert all(0 < len(line) <= LINE_CHARS for line in lines)
        assert " ".join(lines) == fact.text


def test_both_lengths_of_reel_and_both_kinds_of_post_come_up() -> None:
    kit = KITS.get(SLUGS[0])
    drafts = OfflineWriter().write(brief(kit, posts=6, reels=12))
    assert {draft.seconds for draft in drafts if draft.format == "reel"} == {10, 30}
    assert {draft.format for draft in drafts} == {"post", "carousel", "reel"}


def test_the_bundled_kits_stand_in_their_folder() -> None:
    assert len(SLUGS) == 5
    assert all((ROOT / "assets" / "brands" / slug / "facts.toml").is_file() for slug in SLUGS)
    assert Path(KITS.get(SLUGS[0]).logo) == Path(SLUGS[0]) / "logo.png"
