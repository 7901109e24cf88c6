"""A reel: the video, its image, its cover thumbnail and a YouTube thumbnail.

A short video is made in one step. A long one is made in parts, which can be made in many places
at once and each be made again alone, and joined without encoding again.
"""

from __future__ import annotations

import math

from lib.core.brand import BrandKit
from lib.core.checks import Check
from lib.core.errors import Refused
from lib.core.paths import fingerprint
from lib.core.proposals import Draft
from lib.core.recipes.narration import add_narration, first_words
from lib.core.recipes.order import Make, Order, PlanDraft
from lib.core.recipes.pictures import (
    MIN_SPREAD,
    add_background,
    add_stills,
    draft_of,
    page,
    template_of,
)
from lib.core.work import Json, Keep, Plan

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
#: Longest video that one step makes, seconds: a part costs half a second of work and a key frame,
#: so that shorter ones gain nothing.
PART_S = 15
#: The beds under assets/music.
MUSIC = ("daybreak", "drift", "momentum")


def plan(order: Order) -> Plan:
    """Return background → stills and video; and voice → sound and captions for a narrated one.

    Raises Refused for a draft without 2 to 6 lines, unless it is narrated.
    """
    draft, kit = draft_of(order, "reel")
    least = 0 if draft.narration else 2
    if not least <= len(draft.lines) <= 6:
        raise Refused(f"a reel has {least} to 6 lines, not {len(draft.lines)}", hint="mend lines")
    steps = PlanDraft(order)
    add_background(steps, draft, kit, CANVAS)
    body = first_words(draft)
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
    _add_video(steps, draft, kit, template.pages["film"]["9x16"])
    return steps.plan()


def _add_video(steps: PlanDraft, draft: Draft, kit: BrandKit, template: Json) -> None:
    width, height = SIZE
    work_id = steps.order.work_id
    picture: Json = {
        "look": kit.look(),
        "variant": draft.variant,
        "template": template,
        "title": draft.title,
        "lines": list(draft.lines),
        "seconds": draft.seconds,
        "fps": FPS,
        "width": width,
        "height": height,
        "seed": fingerprint(work_id, draft.title),
    }
    music = MUSIC[int(fingerprint(work_id, "music"), 36) % len(MUSIC)]
    video = Make("video", "videos", "mp4", video_check(draft.seconds))
    count = math.ceil(draft.seconds / PART_S)
    ground: tuple[str, ...] = ("background",)
    if draft.narration:
        said = add_narration(steps, draft, kit, music, sound_check(draft.seconds))
        picture |= said
        ground += ("words",) if said else ()
    if count == 1:
        needs = (*ground, "sound") if draft.narration else ground
        bed = None if draft.narration else music
        steps.step("reel_video", [video], params={**picture, "music": bed}, needs=needs)
        return
    for number, (first, frames) in enumerate(_parts(draft.seconds * FPS, count), start=1):
        steps.step(
            "reel_part",
            [Make(f"video_{number}", "raw", "mp4", part_check(frames), Keep.RAW)],
            params={**picture, "first": first, "count": frames},
            needs=ground,
            name=f"reel_part_{number}",
        )
    if not draft.narration:
        sound = Make("sound", "raw", "m4a", sound_check(draft.seconds), Keep.RAW)
        steps.step("reel_sound", [sound], params={"music": music, "seconds": draft.seconds})
    slots = tuple(f"video_{number}" for number in range(1, count + 1))
    steps.step(
        "reel_join",
        [video],
        params={"parts": list(slots), "seconds": draft.seconds},
        needs=(*slots, "sound"),
    )


def _parts(frames: int, count: int) -> list[tuple[int, int]]:
    """Return the first frame and the number of frames of parts about equally long."""
    starts = [frames * number // count for number in range(count)]
    return [(start, frames * number // count - start) for number, start in enumerate(starts, 1)]


def part_check(frames: int) -> Check:
    """Return what makes a part of the video valid: so many frames, without sound."""
    return Check(**_film(frames), min_bytes=20_000)


def sound_check(seconds: int) -> Check:
    """Return what makes the sound of a video valid, ``seconds`` long."""
    return Check(
        media_type="audio/mp4", min_bytes=10_000, seconds=float(seconds), **_sound(seconds)
    )


def video_check(seconds: int) -> Check:
    """Return what makes the film of a reel valid, ``seconds`` long."""
    return Check(
        **_film(seconds * FPS),
        **_sound(seconds),
        min_bytes=100_000,
        faststart=True,
        max_drift_s=MAX_DRIFT_S,
    )


def _film(frames: int) -> Json:
    width, height = SIZE
    seconds = frames / FPS
    return {
        "media_type": "video/mp4",
        "width": width,
        "height": height,
        "seconds": seconds,
        "frames": frames,
        "fps": float(FPS),
        "steady": True,
        "upright": True,
        "video_codec": "h264",
        "video_profile": PROFILE,
        "max_level": MAX_LEVEL,
        "pixel_format": "yuv420p",
        "colours": COLOURS,
        "edit_list": False,
        "min_spread": MIN_SPREAD,
        "min_lit_s": LIT * seconds,
        "min_moving_s": MOVING * seconds,
    }


def _sound(seconds: int) -> Json:
    return {
        "audio_codec": "aac",
        "min_heard_s": HEARD * seconds,
        "lufs": LUFS,
        "max_true_peak_dbtp": MAX_PEAK_DBTP,
    }
