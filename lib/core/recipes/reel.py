"""A reel: the video, its image, its cover thumbnail and a YouTube thumbnail."""

from __future__ import annotations

from lib.core.checks import Check
from lib.core.errors import Refused
from lib.core.paths import fingerprint
from lib.core.recipes.order import Make, Order, PlanDraft
from lib.core.recipes.pictures import (
    MIN_SPREAD,
    add_background,
    add_stills,
    draft_of,
    page,
    template_of,
)
from lib.core.work import Plan

SIZE = (1080, 1920)
YOUTUBE = (1280, 720)
#: The camera moves within a background 15 % larger than the frame; even numbers for 4:2:0.
CANVAS = (1242, 2208)
FPS = 30
#: H.264 as telephones decode it in hardware: the profile, and 4.2 for the level.
PROFILE, MAX_LEVEL = "High", 42
#: Primaries, transfer, matrix and range: what players assume of HD, and what we say.
COLOURS = "bt709/bt709/bt709/tv"
#: Picture and sound end within one frame of each other, seconds.
MAX_DRIFT_S = 0.034
#: Least shares of a reel that are not black, not frozen and not silent: music may breathe.
LIT, MOVING, HEARD = 0.95, 0.8, 0.75
#: How loud a reel is, LUFS, as the platforms play it; and its highest decoded peak.
LUFS, MAX_PEAK_DBTP = -14.0, -1.0
#: The beds under assets/music.
MUSIC = ("daybreak", "drift", "momentum")


def plan(order: Order) -> Plan:
    """Return background → stills and video. Raises Refused for a draft without 2 to 6 lines."""
    draft, kit = draft_of(order, "reel")
    if not 2 <= len(draft.lines) <= 6:
        raise Refused(f"a reel has 2 to 6 lines, not {len(draft.lines)}", hint="mend lines")
    steps = PlanDraft(order)
    add_background(steps, draft, kit, CANVAS)
    body = draft.lines[0]
    template = template_of(order, draft, kit)
    add_stills(
        steps,
        draft,
        kit,
        template,
        {
            "reel_image": ("reels", page("image", draft.title, SIZE, body=body)),
            "thumbnail": ("thumbnails", page("cover", draft.title, SIZE)),
            "youtube_thumbnail": ("thumbnails", page("youtube", draft.title, YOUTUBE)),
        },
    )
    width, height = SIZE
    steps.step(
        "reel_video",
        [Make("video", "videos", "mp4", video_check(draft.seconds))],
        params={
            "look": kit.look(),
            "variant": draft.variant,
            "template": template.pages["film"]["9x16"],
            "title": draft.title,
            "lines": list(draft.lines),
            "seconds": draft.seconds,
            "fps": FPS,
            "width": width,
            "height": height,
            "music": MUSIC[int(fingerprint(order.work_id, "music"), 36) % len(MUSIC)],
            "seed": fingerprint(order.work_id, draft.title),
        },
        needs=("background",),
    )
    return steps.plan()


def video_check(seconds: int) -> Check:
    """Return what makes the film of a reel valid, ``seconds`` long."""
    width, height = SIZE
    return Check(
        media_type="video/mp4",
        min_bytes=100_000,
        width=width,
        height=height,
        seconds=float(seconds),
        frames=seconds * FPS,
        fps=float(FPS),
        steady=True,
        upright=True,
        video_codec="h264",
        video_profile=PROFILE,
        max_level=MAX_LEVEL,
        pixel_format="yuv420p",
        colours=COLOURS,
        audio_codec="aac",
        faststart=True,
        edit_list=False,
        min_spread=MIN_SPREAD,
        min_lit_s=LIT * seconds,
        min_moving_s=MOVING * seconds,
        min_heard_s=HEARD * seconds,
        max_drift_s=MAX_DRIFT_S,
        lufs=LUFS,
        max_true_peak_dbtp=MAX_PEAK_DBTP,
    )
