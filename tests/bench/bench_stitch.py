"""Fifteen clips become one film: with hard cuts, and with a fade of half a second at each.

    ./brandcast bench stitch [--json]

Ours beside the limits (copying all packets; decoding and encoding no more than the frames that are
mixed) and beside the usual ways, which encode everything: ffmpeg's concat filter and chain of
xfade, and MoviePy. Quality is that of the second clip's first join, against the same mix of the
clips without any loss. Runs are interleaved, medians count; what takes minutes runs once.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lib.media.footage import mezzanine  # noqa: E402 - only now on the path
from lib.media.runner.binaries import find  # noqa: E402
from tests.bench import moviepy_env  # noqa: E402
from tests.bench.peer_env import Missing  # noqa: E402
from tests.bench.tree import Run, run  # noqa: E402

CLIPS, SECONDS, FADE, FPS, ROUNDS = 15, 5, 15, 30, 3
PHOTOS = ("astronaut", "chelsea", "coffee", "rocket")
OURS = """import json, sys
from pathlib import Path
from lib.media.footage import stitch
from lib.media.room import Room
clips, kind, out = json.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
needs = {f"clip_{n}": Path(clip) for n, clip in enumerate(clips)}
params = {"clips": list(needs), "joins": [{"kind": kind}] * (len(clips) - 1)}
stitch.run(params, needs, {"video": out}, Room(Path(), (), out.parent))
"""
MOVIEPY = """import json, sys
from moviepy import CompositeVideoClip, VideoFileClip, concatenate_videoclips, vfx
clips, fade, out = json.loads(sys.argv[1]), sys.argv[2] == "fade", sys.argv[3]
films = [VideoFileClip(clip) for clip in clips]
if fade:
    films = [films[0], *(film.with_effects([vfx.CrossFadeIn(0.5)]) for film in films[1:])]
whole = concatenate_videoclips(films, method="compose" if fade else "chain", padding=-0.5 * fade)
whole.write_videofile(out, fps=30, codec="libx264", preset="veryfast", audio_codec="aac",
    ffmpeg_params=["-crf", "20", "-pix_fmt", "yuv420p"], logger=None)
"""


@dataclass
class Contender:
    """One way to make a film."""

    command: list[str]
    film: Path | None
    rounds: int = ROUNDS
    env: dict[str, str] | None = None
    runs: list[Run] = field(default_factory=list)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = _measure(Path(name), quick=args.quick)
    if args.json:
        print(json.dumps(result))
        return 0
    for name, one in result["contenders"].items():
        quality = f"  SSIM {one['ssim']:.4f}" if "ssim" in one else ""
        print(
            f"{name:<18}{one['wall_s']:8.2f} s {one['cpu_s']:8.2f} s of CPU"
            f"{one['pss_mb']:8.0f} MB{quality}"
        )
    for name, reason in result["missing"].items():
        print(f"{name:<18}left out: {reason}")
    for name, ratio in result["ratios"].items():
        print(f"{name:<42}{ratio:8.2f}")
    return 0


def _measure(folder: Path, *, quick: bool) -> dict[str, Any]:
    clips, ingested = _clips(folder)
    contenders = _contenders(clips, folder)
    missing = {"moviepy": "asked to be quick"} if quick else _moviepy(clips, folder, contenders)
    if quick:
        contenders = {n: one for n, one in contenders.items() if one.rounds == ROUNDS}
    for number in range(ROUNDS):
        for name, one in contenders.items():
            if number < one.rounds:
                print(f"{name} …", file=sys.stderr, flush=True)
                one.runs.append(run(one.command, one.env))
    told: dict[str, dict[str, float]] = {}
    for name, one in contenders.items():
        told[name] = {
            what: round(median(getattr(each, what) for each in one.runs), 3)
            for what in ("wall_s", "cpu_s", "pss_mb")
        }
        if one.film and not name.startswith("limit"):
            told[name]["ssim"] = _ssim(one.film, clips, fade="fade" in name)
            told[name]["frames"] = _frames(one.film)
    return {
        "clips": CLIPS,
        "seconds_each": SECONDS,
        "ingest_cpu_s_each": ingested,
        "contenders": told,
        "missing": missing,
        "ratios": _ratios(told),
    }


def _ratios(told: dict[str, dict[str, float]]) -> dict[str, float]:
    found = {}
    for kind in ("cut", "fade"):
        ours = told[f"ours {kind}"]
        for name, one in told.items():
            if name.endswith(kind) and not name.startswith("ours"):
                who = name.removesuffix(f" {kind}").replace(" ", "_")
                for unit in ("cpu", "wall"):
                    over, under = ours[f"{unit}_s"], one[f"{unit}_s"]
                    limit = who == "limit"
                    ratio = over / under if limit else under / over
                    word = "ratio_to_limit" if limit else f"times_faster_than_{who}"
                    found[f"{kind}_{unit}_{word}"] = round(ratio, 2)
    return found


def _clips(folder: Path) -> tuple[list[Path], float]:
    """Film and ingest the clips: a camera that moves over photos, some grain, a tone each."""
    clips, used = [], []
    for number in range(CLIPS):
        photo = ROOT / "tests" / "media" / "photos" / f"{PHOTOS[number % len(PHOTOS)]}.jpg"
        film, clip = folder / f"film-{number:02}.mp4", folder / f"clip-{number:02}.mp4"
        speed = 24 + 6 * (number % 5)
        move = (
            f"scale=-2:1200,loop=-1:1,crop=1080:1080:x='t*{speed}':y='t*9'"
            if number % 2
            else f"scale=-2:2200,loop=-1:1,crop=1080:1920:x='(iw-1080)/2+t*{speed}':y='t*{speed}'"
        )
        words = [
            "-r",
            f"{FPS}",
            "-i",
            f"{photo}",
            "-f",
            "lavfi",
            "-i",
            f"sine=f={220 + 20 * number}",
        ]
        words += ["-vf", f"{move},noise=alls=2:allf=t,format=yuv420p", "-t", f"{SECONDS}"]
        words += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "14", "-c:a", "aac"]
        subprocess.run([find().ffmpeg, "-nostdin", "-v", "error", *words, str(film)], check=True)
        command = "from lib.media import ingest; from lib.media.room import Room;"
        command += "from pathlib import Path; import sys; film, clip = map(Path, sys.argv[1:]);"
        command += "ingest.run({}, {'film': film}, {'clip': clip}, Room(Path(), (), clip.parent))"
        used.append(run([sys.executable, "-c", command, str(film), str(clip)]).cpu_s)
        clips.append(clip)
    return clips, round(median(used), 2)


def _ffmpeg(*words: str) -> list[str]:
    return [find().ffmpeg, "-nostdin", "-v", "error", "-y", *words]


def _contenders(clips: list[Path], folder: Path) -> dict[str, Contender]:
    names = json.dumps([str(clip) for clip in clips])
    listed = folder / "all.ffconcat"
    listed.write_text("ffconcat version 1.0\n" + "".join(f"file {c.name}\n" for c in clips))
    inputs = [word for clip in clips for word in ("-i", str(clip))]
    usual = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-c:a", "aac"]
    found = {}
    limit_cut, mixed = folder / "limit-cut.mp4", _mixed_frames(clips, folder)
    copy = _ffmpeg("-f", "concat", "-i", str(listed), "-map", "0:v", "-c", "copy", str(limit_cut))
    found["limit cut"] = Contender(copy, limit_cut)
    encode = _ffmpeg("-i", str(mixed), "-vf", "select='not(mod(n,2))',setpts=N/30/TB", "-r", "30")
    encode += ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", str(folder / "mixed.mp4")]
    found["limit fade"] = Contender(encode, None)
    for kind in ("cut", "fade"):
        out = folder / f"ours-{kind}.mp4"
        found[f"ours {kind}"] = Contender([sys.executable, "-c", OURS, names, kind, str(out)], out)
    out = folder / "filter-cut.mp4"
    pads = "".join(f"[{n}:v][{n}:a]" for n in range(CLIPS))
    graph = (
        "-filter_complex",
        f"{pads}concat=n={CLIPS}:v=1:a=1[v][a]",
        "-map",
        "[v]",
        "-map",
        "[a]",
    )
    found["concat filter cut"] = Contender(_ffmpeg(*inputs, *graph, *usual, str(out)), out, 1)
    out = folder / "xfade.mp4"
    graph = ("-filter_complex", _chain(CLIPS), "-map", "[v]", "-map", "[a]")
    found["xfade chain fade"] = Contender(_ffmpeg(*inputs, *graph, *usual, str(out)), out, 1)
    return found


def _moviepy(clips: list[Path], folder: Path, found: dict[str, Contender]) -> dict[str, str]:
    """Add MoviePy; return why it is missing."""
    try:
        python = str(moviepy_env.python())
    except Missing as missing:
        return {"moviepy": str(missing)}
    names = json.dumps([str(clip) for clip in clips])
    for kind in ("cut", "fade"):
        out = folder / f"moviepy-{kind}.mp4"
        command = [python, "-c", MOVIEPY, names, kind, str(out)]
        found[f"moviepy {kind}"] = Contender(command, out, 1, moviepy_env.environment())
    return {}


def _chain(count: int) -> str:
    """Return the graph of the usual chain: each clip faded into all before it."""
    parts, seconds = [], SECONDS - FADE / FPS
    last_v, last_a = "[0:v]", "[0:a]"
    for number in range(1, count):
        names = (f"[v{number}]", f"[a{number}]") if number < count - 1 else ("[v]", "[a]")
        fade = f"xfade=transition=fade:duration={FADE / FPS}:offset={number * seconds}"
        parts.append(f"{last_v}[{number}:v]{fade}{names[0]}")
        parts.append(f"{last_a}[{number}:a]acrossfade=d={FADE / FPS}{names[1]}")
        last_v, last_a = names
    return ";".join(parts)


def _mixed_frames(clips: list[Path], folder: Path) -> Path:
    """Write the frames that are mixed, and no others, as one film: twice as many as come out."""
    files = []
    for number, clip in enumerate(clips):
        frames = mezzanine.read(clip, "clip").frames
        for at in ([0] if number else []) + ([frames - FADE] if number < CLIPS - 1 else []):
            file = folder / f"part-{number:02}-{at}.mp4"
            start = f"{math.ceil(at * 1e6 / FPS) / 1e6:.6f}"
            copy = ("-map", "0:v", "-c", "copy", "-frames:v", str(FADE))
            subprocess.run(_ffmpeg("-ss", start, "-i", str(clip), *copy, str(file)), check=True)
            files.append(file)
    listed, out = folder / "parts.ffconcat", folder / "parts.mp4"
    listed.write_text("ffconcat version 1.0\n" + "".join(f"file {f.name}\n" for f in files))
    subprocess.run(_ffmpeg("-f", "concat", "-i", str(listed), "-c", "copy", str(out)), check=True)
    return out


def _ssim(film: Path, clips: list[Path], *, fade: bool) -> float:
    """Return how like the first two clips and what is between them a film is."""
    seconds = SECONDS * 2 - (FADE / FPS if fade else 0)
    graph = _chain(2).partition(";")[0] if fade else "[0:v][1:v]concat=n=2[v]"
    graph += f";[2:v]trim=end={seconds},setpts=N/30/TB[m];[v]setpts=N/30/TB[r];[m][r]ssim"
    films = [word for file in (*clips[:2], film) for word in ("-i", str(file))]
    words = ["-nostdin", *films, "-filter_complex", graph, "-f", "null", "-"]
    done = subprocess.run([find().ffmpeg, *words], capture_output=True, text=True, check=True)
    return float(re.findall(r"All:([\d.]+)", done.stderr)[-1])


def _frames(film: Path) -> int:
    entries = ("-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets")
    command = [find().ffprobe, "-v", "error", *entries, "-of", "csv=p=0", str(film)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.strip().strip(","))


if __name__ == "__main__":
    sys.exit(main())
