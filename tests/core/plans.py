"""Plans of every shape that the studio knows, and short words for evidence about them.

Used by the tests of the kernel only. The shapes are written by hand, not by the recipes, so
that a fault in a recipe cannot hide one in the judgement. Evidence is built with the real
``faults``: nothing here decides what is valid.
"""

from __future__ import annotations

from typing import Any

from lib.core.checks import AT_LEAST, AT_MOST, EXACT, NEAR, Check, faults
from lib.core.decide import Run, decide
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.status import Assessment
from lib.core.work import Artifact, Attempt, Keep, Outcome, Plan, Sighting, Step

#: An instant in the seeds' time, POSIX seconds.
T0 = 1_759_290_798.25
MINUTE_S = 60.0
HOUR_S = 3600.0
#: Patience of every step here, seconds.
PATIENCE_S = 1800.0

PICTURE = Check(media_type="image/jpeg", min_bytes=100, width=1080, height=1350, min_spread=2.0)
VIDEO = Check(
    media_type="video/mp4",
    min_bytes=100,
    width=1080,
    height=1920,
    seconds=10.0,
    video_codec="h264",
    pixel_format="yuv420p",
    audio_codec="aac",
    faststart=True,
)
SPEECH = Check(media_type="audio/wav", min_bytes=100, seconds=42.0)
MASTER = Check(media_type="audio/mpeg", seconds=42.0, lufs=-16.0, max_true_peak_dbtp=-1.0)
SEALED = Check(media_type="application/json", min_bytes=2, min_entries=1)

_ENDINGS = {
    "image/jpeg": "jpg",
    "video/mp4": "mp4",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "application/json": "json",
}


def artifact(slot: str, category: str, check: Check, keep: Keep = Keep.FINAL) -> Artifact:
    """Return an artifact of the work ``w-1`` whose path is built as the recipes build theirs."""
    name = ObjectName(
        owner="anna",
        brand="healthy-college",
        category=category,
        work_id="w-1",
        slot=slot,
        fingerprint=fingerprint(slot),
        ext=_ENDINGS[check.media_type],
    )
    return Artifact(slot=slot, path=build(name), check=check, keep=keep)


def step(name: str, *makes: Artifact, needs: tuple[str, ...] = (), **more: Any) -> Step:
    """Return a step that is named like its tool."""
    more = {"patience_s": PATIENCE_S, **more}
    return Step(name=name, tool=name, makes=makes, needs=needs, **more)


def plan(*steps: Step) -> Plan:
    """Return a plan of these steps."""
    return Plan(steps=steps)


def carousel() -> Plan:
    """Background (raw) → five slides and a thumbnail."""
    slides = [artifact(f"slide_{i}", "posts", PICTURE) for i in range(1, 6)]
    return plan(
        step("background", artifact("background", "raw", PICTURE, Keep.RAW)),
        step(
            "stills", *slides, artifact("thumbnail", "thumbnails", PICTURE), needs=("background",)
        ),
    )


def reel() -> Plan:
    """Background (raw) → three stills, and → the video: four artifacts, two makers."""
    return plan(
        step("background", artifact("background", "raw", PICTURE, Keep.RAW)),
        step(
            "stills",
            artifact("reel_image", "reels", PICTURE),
            artifact("thumbnail", "thumbnails", PICTURE),
            artifact("youtube_thumbnail", "thumbnails", PICTURE),
            needs=("background",),
        ),
        step("reel_video", artifact("video", "videos", VIDEO), needs=("background",)),
    )


def clips(count: int = 15, *, stitched: bool = False) -> Plan:
    """One step a prompt and, when asked for, one stitch of all clips."""
    steps = [
        step(f"clip_{i:02}", artifact(f"clip_{i:02}", "clips", VIDEO)) for i in range(1, count + 1)
    ]
    if stitched:
        needs = tuple(f"clip_{i:02}" for i in range(1, count + 1))
        steps.append(step("stitch", artifact("film", "videos", VIDEO), needs=needs))
    return plan(*steps)


def segment() -> Plan:
    """Script → speech (raw) → master with a loudness → receipt that it was aired."""
    return plan(
        step("script", artifact("script", "audio", SEALED)),
        step("speech", artifact("speech", "raw", SPEECH, Keep.RAW), needs=("script",)),
        step("master", artifact("master", "audio", MASTER), needs=("speech",)),
        step(
            "air",
            artifact("aired", "receipts", SEALED, Keep.RECEIPT),
            needs=("master",),
            effect=True,
        ),
    )


def publication(at: float = T0 + HOUR_S) -> Plan:
    """One effect and one receipt for each platform, none of them before ``at``."""
    return plan(
        *(
            step(
                platform,
                artifact(platform, "receipts", SEALED, Keep.RECEIPT),
                effect=True,
                not_before=at,
            )
            for platform in ("instagram", "facebook", "youtube")
        )
    )


def burst() -> Plan:
    """Drafts (raw) → sealed proposals → receipt of the works that were commissioned."""
    return plan(
        step("propose", artifact("drafts", "raw", SEALED, Keep.RAW)),
        step("examine", artifact("proposals", "receipts", SEALED), needs=("drafts",)),
        step(
            "commission",
            artifact("commissioned", "receipts", SEALED, Keep.RECEIPT),
            needs=("proposals",),
        ),
    )


def shapes() -> dict[str, Plan]:
    """Return a plan of every shape by its name."""
    return {
        "carousel": carousel(),
        "reel": reel(),
        "clips": clips(),
        "stitched_clips": clips(4, stitched=True),
        "segment": segment(),
        "publication": publication(),
        "burst": burst(),
    }


def good_facts(check: Check) -> dict[str, Any]:
    """Return facts that meet a check exactly."""
    wanted = check.model_dump()
    same = {name: name for name in (*EXACT, *NEAR)}
    return {
        fact: wanted[bound]
        for fact, bound in (same | AT_LEAST | AT_MOST).items()
        if bound in wanted
    }


def sight(what: Artifact, *, size: int = 5000, generation: int = 1, **facts: Any) -> Sighting:
    """Return a sighting that is good apart from what is given; judged by the real checks."""
    measured = {**good_facts(what.check), **facts} if size else {}
    return Sighting(
        path=what.path,
        generation=generation,
        size=size,
        crc32c="AAAAAA==",
        updated_at=T0,
        facts=measured,
        invalid=faults(what.check, size, measured),
    )


def item(of: Plan, slot: str) -> Artifact:
    """Return the artifact of a slot."""
    return next(a for a in of.artifacts() if a.slot == slot)


def seen(of: Plan, *slots: str) -> dict[str, Sighting]:
    """Return good sightings of these slots, by path."""
    return {item(of, slot).path: sight(item(of, slot)) for slot in slots}


def seen_all(of: Plan, *, but: tuple[str, ...] = ()) -> dict[str, Sighting]:
    """Return good sightings of every slot but some."""
    return seen(of, *(a.slot for a in of.artifacts() if a.slot not in but))


def run_steps(of: Plan, found: Assessment) -> list[str]:
    """Return the steps that a judgement says to run, in the order of the actions."""
    return [action.step for action in decide(of, found) if isinstance(action, Run)]


def queued(name: str, number: int = 1, *, at: float = T0) -> Attempt:
    """Return an attempt that was enqueued at an instant and that nobody started."""
    return Attempt(step=name, number=number, enqueued_at=at)


def started(name: str, number: int = 1, *, at: float = T0, **more: Any) -> Attempt:
    """Return an attempt that was started at an instant and has not ended."""
    return Attempt(step=name, number=number, enqueued_at=at, started_at=at, **more)


def ended(
    name: str, number: int = 1, *, at: float = T0, outcome: Outcome = Outcome.OK, **more: Any
) -> Attempt:
    """Return an attempt that ran for one second and ended at an instant."""
    return started(name, number, at=at - 1, ended_at=at, outcome=outcome, **more)


def failed(name: str, number: int = 1, *, at: float = T0, **more: Any) -> Attempt:
    """Return an attempt that ended with an error at an instant."""
    more = {"message": "quota is spent", **more}
    return ended(name, number, at=at, outcome=Outcome.FAILED, **more)


def lost(name: str, number: int = 1, *, at: float = T0) -> Attempt:
    """Return an attempt whose executor is known to be dead."""
    return ended(name, number, at=at, outcome=Outcome.LOST)


def away(name: str, number: int = 1, *, at: float = T0) -> Attempt:
    """Return an attempt that could not reach what it needs."""
    message = "the bucket could not be reached"
    return ended(name, number, at=at, outcome=Outcome.AWAY, message=message)
