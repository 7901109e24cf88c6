"""The reel of the bench as MoviePy 2 makes it: one clip for the background and one for each text.

Run by an environment of its own, because MoviePy asks for an older Pillow than ours:
``python moviepy_reel.py scene.json film.mp4 ENCODER_OPTIONS...``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from moviepy import AudioFileClip, CompositeVideoClip, ImageClip, afx, vfx


def main(scene_file: Path, film: Path, options: list[str]) -> None:
    """Make the reel of a scene."""
    scene = json.loads(scene_file.read_text())
    seconds, fps, fade_s = scene["seconds"], scene["fps"], scene["fade_s"]
    width, height = scene["size"]
    boxes = scene["boxes"]

    def box(now_s: float) -> list[float]:
        return boxes[min(len(boxes) - 1, round(now_s * fps))]

    def place(now_s: float) -> tuple[float, float]:
        left, top, wide, high = box(now_s)
        return -left * width / wide, -top * height / high

    ground = ImageClip(str(scene_file.parent / "grounded.png"), duration=seconds)
    ground = ground.resized(lambda now_s: width / box(now_s)[2]).with_position(place)
    clips = [ground]
    for name, x, y, start_s, end_s in scene["words"]:
        text = ImageClip(str(scene_file.parent / name)).with_start(start_s)
        text = text.with_end(seconds if end_s is None else end_s + fade_s).with_position((x, y))
        if start_s:
            text = text.with_effects([vfx.CrossFadeIn(fade_s)])
        if end_s is not None:
            text = text.with_effects([vfx.CrossFadeOut(fade_s)])
        clips.append(text)
    sound = AudioFileClip(scene["music"]).subclipped(0, seconds)
    sound = sound.with_effects([afx.AudioFadeIn(0.5), afx.AudioFadeOut(1.5)])
    reel = CompositeVideoClip(clips, size=(width, height)).with_duration(seconds)
    reel.with_audio(sound).write_videofile(
        str(film),
        fps=fps,
        codec="libx264",
        audio_codec="aac",
        audio_bitrate="160k",
        preset="veryfast",
        ffmpeg_params=options,
        temp_audiofile_path=str(film.parent),
        logger=None,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
