"""The ``stitch`` tool: clips that ``ingest`` made become one film, with cuts and transitions.

A film of fifteen clips costs what its transitions cost: everything else is copied. Its sound is
the clips' own, brought to the loudness of a reel, or one that was made for it.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ffmpeg
from pydantic import BaseModel, ConfigDict, Field, model_validator

from lib.core.errors import ToolFailed
from lib.media.footage import join, mezzanine
from lib.media.footage.join import Join
from lib.media.footage.mezzanine import Clip
from lib.media.room import Room
from lib.media.runner.ffmpeg_run import run_ffmpeg, run_ffprobe
from lib.media.runner.inputs import name_of
from lib.media.sound import loudness, mastering
from lib.media.sound.loudness import RATE_HZ
from lib.media.sound.mastering import REEL

#: Longest film, seconds.
LONGEST_S = 600.0
#: Seconds that a sound may take.
SOUND_S = 60.0


class Transition(BaseModel):
    """What is between two clips; a cut takes no frames."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: join.Kind = "cut"
    frames: int = Field(default=15, ge=2, le=90)


class Params(BaseModel):
    """Parameters of one film: the slots of its clips in order, and what is between them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clips: tuple[str, ...] = Field(min_length=1, max_length=60)
    joins: tuple[Transition, ...]
    #: Slot of a finished sound (AAC, as long as the film); None for the clips' own.
    sound: str | None = None

    @model_validator(mode="after")
    def _one_between_two(self) -> Params:
        if len(self.joins) != len(self.clips) - 1:
            raise ValueError(
                f"{len(self.clips)} clips have {len(self.clips) - 1} joins between them,"
                f" not {len(self.joins)}"
            )
        return self


def run(
    params: dict[str, Any], needs: Mapping[str, Path], makes: Mapping[str, Path], room: Room
) -> None:
    """Make the film. Raises ToolFailed in words for clips that do not fit together."""
    wanted = Params.model_validate(params)
    known = {slot: mezzanine.read(_need(needs, slot), slot) for slot in dict.fromkeys(wanted.clips)}
    clips = [known[slot] for slot in wanted.clips]
    joins = [Join(one.kind, 0 if one.kind == "cut" else one.frames) for one in wanted.joins]
    _refuse_odd(wanted.clips, clips)
    _refuse_short(wanted.clips, clips, joins)
    frames = sum(clip.frames for clip in clips) - sum(one.frames for one in joins)
    seconds = frames / clips[0].fps
    if seconds > LONGEST_S:
        raise _refused(f"the film would be {seconds / 60:.1f} minutes long; 10 are allowed")
    with tempfile.TemporaryDirectory(dir=room.workdir) as name:
        folder = Path(name)
        if wanted.sound is None:
            sound = _own_sound(clips, joins, folder)
        else:
            sound = _given_sound(_need(needs, wanted.sound), seconds, 1 / clips[0].fps)
        listed = join.pictures(clips, joins, folder)
        _refuse_other_headers(folder, clips[0])
        join.film(listed, sound, seconds, makes["video"])


def _refused(words: str) -> ToolFailed:
    return ToolFailed("stitch", words)


def _need(needs: Mapping[str, Path], slot: str) -> Path:
    if slot not in needs:
        raise _refused(f"nothing was given as {slot}; there are {', '.join(needs)}")
    return needs[slot]


def _refuse_odd(names: Sequence[str], clips: Sequence[Clip]) -> None:
    """Raise ToolFailed for a clip that is not like the first."""
    first = clips[0]
    for name, clip in zip(names, clips, strict=True):
        if (clip.width, clip.height) != (first.width, first.height):
            sizes = f"{clip.width} × {clip.height} px, {names[0]} {first.width} × {first.height}"
            raise _refused(f"{name} has {sizes}: ingest both at one size")
        if clip.fps != first.fps:
            rates = f"{clip.fps} frames a second, {names[0]} {first.fps}"
            raise _refused(f"{name} has {rates}: ingest both at one rate")
        if clip.headers != first.headers:
            raise _refused(f"{name} was encoded in another way than {names[0]}: ingest it again")


def _refuse_short(names: Sequence[str], clips: Sequence[Clip], joins: Sequence[Join]) -> None:
    """Raise ToolFailed where a transition has no room, or no key frame at which it may begin."""
    for name, part in zip(names, join.bodies(clips, joins), strict=True):
        if part.frames < 0:
            taken = part.clip.frames - part.frames
            raise _refused(
                f"{name} has {part.clip.frames} frames and its transitions take {taken}:"
                " make them shorter"
            )
        tail = part.clip.frames - part.stop
        for at, length, side in ((part.first, part.first, "start"), (part.stop, tail, "end")):
            if at < part.clip.frames and at not in part.clip.key_frames:
                raise _refused(
                    f"{name} cannot be cut {length} frames from its {side}: ingest it again with"
                    f" {length} among its joins"
                )


def _refuse_other_headers(folder: Path, clip: Clip) -> None:
    """Raise ToolFailed when a transition needs another decoder than the clips beside it."""
    for file in itertools.islice(sorted(folder.glob("join-*.mp4")), 1):
        words = ("-show_streams", "-show_data_hash", "SHA256")
        told = run_ffprobe(file, *words, deadline_s=mezzanine.READ_S)
        if told["streams"][0].get("extradata_hash") != clip.headers:
            raise _refused("the clips were encoded by another version: ingest them again")


def _own_sound(clips: Sequence[Clip], joins: Sequence[Join], folder: Path) -> Path:
    """Join what the clips sound like; return it as loud as a reel, or silent as it was."""
    whole, file = folder / "joined.wav", folder / "sound.m4a"
    samples = join.sounds(clips, joins, whole)
    sound = ffmpeg.input(name_of(whole)).audio
    found = loudness.survey(sound)
    # The meter says it in tenths of a millisecond.
    if abs(found.loudness.seconds - samples / RATE_HZ) > 1e-4:
        lengths = f"{found.loudness.seconds:g} s long, not {samples / RATE_HZ:g} s"
        raise _refused(f"the joined sound came out {lengths}")
    if found.loudness.lufs >= loudness.SILENT_LUFS:
        # What was filmed cannot be recorded again.
        mastering.master(sound, file, REEL, found=found, or_nearest=True)
        return file
    coding = {"acodec": "aac", "audio_bitrate": "160k"}
    graph = sound.output(name_of(file), **coding)
    run_ffmpeg(graph, what="the encoder", deadline_s=SOUND_S)
    return file


def _given_sound(file: Path, seconds: float, within_s: float) -> Path:
    """Return a sound that was made for the film. Raises ToolFailed when it does not fit."""
    told = run_ffprobe(file, "-show_streams", "-select_streams", "a", deadline_s=SOUND_S)
    if not told["streams"] or told["streams"][0]["codec_name"] != "aac":
        raise _refused("the sound is no AAC: master it as .m4a")
    length_s = float(told["streams"][0].get("duration", 0))
    if abs(length_s - seconds) > within_s:
        raise _refused(f"the sound is {length_s:.2f} s long and the film {seconds:.2f} s")
    return file
