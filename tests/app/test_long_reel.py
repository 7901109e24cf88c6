"""A long reel is made in parts; one that is lost or bad is made again, and no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from lib.app import intake
from lib.app.case import load_own
from lib.app.intake import Wish
from tests.app.crank import OWNER, Crank
from tests.drafts import draft

PARTS = {"video_1", "video_2", "sound"}
MADE_ONCE = Counter([*PARTS, "background", "reel_image", "thumbnail", "youtube_thumbnail", "video"])


def order(crank: Crank) -> str:
    """Order a reel of 30 s and return its id."""
    brand = crank.studio.brands.slugs()[0]
    spec = {
        **draft("A title for it", brand),
        "format": "reel",
        "seconds": 30,
        "lines": ["The first line.", "The second line."],
    }
    wish = Wish("r-1", OWNER, OWNER, brand, "reel", spec)
    return intake.create(crank.studio, wish).id


def until_made(crank: Crank, *slots: str) -> None:
    """Deliver tasks and events until files of those slots were made, and not one more."""
    while not set(slots) <= crank.tools.made.keys():
        assert crank.task() or crank.events()
    while crank.events():
        pass


def paths(crank: Crank, work_id: str) -> dict[str, str]:
    """Return where each artifact of a work is to lie."""
    work = load_own(crank.studio, OWNER, work_id).work
    return {artifact.slot: artifact.path for artifact in work.plan.artifacts()}


def delete(crank: Crank, path: str) -> None:
    crank.file(path).unlink()


def cut_short(crank: Crank, path: str) -> None:
    file = crank.file(path)
    file.write_bytes(file.read_bytes()[:100])


def until_ready(crank: Crank, work_id: str) -> None:
    """Let the studio find out and mend it."""
    for _ in range(6):
        crank.tick(600)
    assert crank.job(work_id)["phase"] == "ready"


@pytest.mark.parametrize("harm", [delete, cut_short])
def test_a_part_that_is_lost_while_others_are_made_is_made_again_alone(
    crank: Crank, harm: Callable[[Crank, str], None]
) -> None:
    work_id = order(crank)
    until_made(crank, "video_1")
    assert "video_2" not in crank.tools.made
    harm(crank, paths(crank, work_id)["video_1"])
    crank.local.objects.scan()
    until_ready(crank, work_id)
    assert crank.tools.made == MADE_ONCE + Counter(["video_1"])


@pytest.mark.parametrize("slot", sorted(PARTS))
@pytest.mark.parametrize("harm", [delete, cut_short])
def test_a_part_that_is_lost_before_the_join_is_made_again_and_no_other(
    crank: Crank, slot: str, harm: Callable[[Crank, str], None]
) -> None:
    work_id = order(crank)
    until_made(crank, *PARTS)
    assert "video" not in crank.tools.made
    harm(crank, paths(crank, work_id)[slot])
    until_ready(crank, work_id)
    # The background had gone, because nothing needed it any more.
    drawn_on = [] if slot == "sound" else ["background"]
    assert crank.tools.made == MADE_ONCE + Counter([slot, *drawn_on])


def test_the_parts_go_when_the_video_is_there(crank: Crank) -> None:
    work_id = order(crank)
    crank.until_quiet()
    crank.tick(3600)
    assert crank.job(work_id)["phase"] == "ready"
    there = {slot for slot, path in paths(crank, work_id).items() if crank.file(path).is_file()}
    assert there == {"reel_image", "thumbnail", "youtube_thumbnail", "video"}
