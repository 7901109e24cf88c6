"""A carousel of five slides, as PNG and as JPEG: our ``stills`` tool beside its peers.

    ./brandcast bench carousel [--json]

The same picture, words and fonts; each fits the words by its own measuring. Warm is what counts:
the studio forks its runs from a process that has imported the tools, and each of ours is such a
run; peers and the limit draw the carousel again and again in one process, which is all they can
be given. A whole process, started afresh, is told too. Runs are interleaved, medians count. The
limit writes the ready pages and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lib.adapters.kits import KitFolders  # noqa: E402 - only now on the path
from lib.core.proposals import Draft, Slide  # noqa: E402
from lib.core.recipes import carousel  # noqa: E402
from lib.core.recipes.carousel import SLIDES  # noqa: E402
from lib.core.recipes.order import Order  # noqa: E402
from lib.core.recipes.post import SIZE  # noqa: E402
from lib.core.work import Artifact, Step  # noqa: E402
from lib.media.picture import background  # noqa: E402
from lib.media.room import Room  # noqa: E402
from tests.bench.peer_env import Missing, node_with, python_with  # noqa: E402
from tests.bench.tree import Run, run  # noqa: E402
from tests.bench.warm_crew import WarmCrew  # noqa: E402

ROUNDS, BRAND, TEMPLATE = 5, "kitchen-proof", "statement"
#: How often a warm process makes the carousel, beyond the first time.
AGAIN = 5
ASSETS = ROOT / "assets"
PEERS = Path(__file__).parent / "peers"
SKIA, CANVAS = ("skia-python==144.1",), ("@napi-rs/canvas@1.1.1",)
SATORI = ("satori@0.63.2", "@resvg/resvg-js@2.6.2")
WORDS = (
    ("Seven foods that quietly drain you", "Swipe to see what they do, and what to eat instead."),
    ("Sugary cereal", "It lifts blood sugar within minutes and drops it below where you began."),
    ("White bread", "Refined flour digests almost as fast as sugar. Wholegrain keeps you steady."),
    ("Energy drinks", "They borrow alertness from tomorrow, and deep sleep pays the bill."),
    ("Water first", "Two per cent too little is enough to feel tired."),
)
OURS = """import json, sys
from pathlib import Path
from lib.media.layout import stills
from lib.media.room import Room
call = json.loads(Path(sys.argv[1]).read_text())
makes = {slot: Path(file) for slot, file in call["makes"].items()}
room = Room(Path(call["assets"]), (Path(call["assets"]) / "brands",), Path(sys.argv[2]))
stills.run(call["params"], {"background": Path(call["background"])}, makes, room)
"""
LIMIT = """import sys
from pathlib import Path
from PIL import Image
out, kind, times, *names = sys.argv[1:]
how = {"jpg": {"quality": 90, "subsampling": 0}, "png": {"compress_level": 1}}[kind]
for _ in range(int(times)):
    for number, name in enumerate(names):
        page = Image.frombytes("RGB", (1080, 1350), Path(name).read_bytes())
        page.save(f"{out}/{number}.{kind}", **how)
"""
#: Starts a contender: where it writes, and how often it makes the carousel.
Start = Callable[[Path, int], Sequence[str]]


@dataclass(frozen=True)
class Timed:
    """One carousel: seconds of wall and of processors, and MB where they were asked for."""

    wall_s: float
    cpu_s: float
    pss_mb: float = 0.0


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, help="keep the slides in this folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        result = _measure(args.keep or Path(name))
    if args.json:
        print(json.dumps(result))
        return 0
    for kind, contenders in result["kinds"].items():
        for who, one in contenders.items():
            print(
                f"{kind:<5}{who:<18} warm {one['wall_s']:6.3f} s {one['cpu_s']:6.3f} s of CPU"
                f"   afresh {one['afresh_wall_s']:6.3f} s {one['afresh_cpu_s']:6.3f} s of CPU"
                f" {one['pss_mb']:6.0f} MB"
            )
    for who, reason in result["missing"].items():
        print(f"{who:<18}left out: {reason}")
    for name, ratio in result["ratios"].items():
        print(f"{name:<40}{ratio:6.2f}")
    return 0


def _measure(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    spec = _spec(folder)
    missing, kinds = {}, {}
    for kind in ("jpg", "png"):
        step, files = _step(folder, kind)
        crew = WarmCrew(folder, files)
        crew.warm()
        warm: dict[str, list[Timed]] = {}
        afresh: dict[str, list[Run]] = {}
        starts = _starts(folder, kind, (step, files, spec), missing)
        for number in range(-1, ROUNDS):  # the first finds files cold and does not count
            for who, start in starts.items():
                out = folder / f"{who.replace('/', '-')}-{kind}"
                out.mkdir(exist_ok=True)
                once = run(start(out, 1))
                if who == "ours":
                    times = [crew.run([step])[:2] for _ in range(AGAIN)]
                    wall_s, cpu_s = (sum(each) / AGAIN for each in zip(*times, strict=True))
                else:
                    often = run(start(out, 1 + AGAIN))
                    wall_s = (often.wall_s - once.wall_s) / AGAIN
                    cpu_s = (often.cpu_s - once.cpu_s) / AGAIN
                if number >= 0:
                    afresh.setdefault(who, []).append(once)
                    warm.setdefault(who, []).append(Timed(wall_s, cpu_s))
        kinds[kind] = {who: _told(warm[who], afresh[who]) for who in starts}
    return {"slides": SLIDES, "kinds": kinds, "missing": missing, "ratios": _ratios(kinds)}


def _told(warm: Sequence[Timed], afresh: Sequence[Run]) -> dict[str, float]:
    told = {
        "wall_s": median(one.wall_s for one in warm),
        "cpu_s": median(one.cpu_s for one in warm),
        "afresh_wall_s": median(one.wall_s for one in afresh),
        "afresh_cpu_s": median(one.cpu_s for one in afresh),
        "pss_mb": median(one.pss_mb for one in afresh),
    }
    return {name: round(value, 4) for name, value in told.items()}


def _ratios(kinds: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """Return how many times faster we are than the best peer, and how near the limit."""
    found = {}
    for kind, contenders in kinds.items():
        peers = [one for who, one in contenders.items() if who not in ("ours", "limit")]
        for unit in ("wall_s", "cpu_s", "afresh_wall_s", "afresh_cpu_s"):
            ours, best = contenders["ours"][unit], min(one[unit] for one in peers)
            name = unit.removesuffix("_s")
            found[f"{kind}_{name}_times_faster_than_best"] = round(best / ours, 2)
            found[f"{kind}_{name}_ratio_to_limit"] = round(ours / contenders["limit"][unit], 2)
    return found


def _step(folder: Path, kind: str) -> tuple[Step, dict[str, Path]]:
    """Return the step of a plan that draws the slides, as JPEG or PNG, and what it needs."""
    kit = KitFolders([ASSETS / "brands"], fonts=ASSETS / "fonts").get(BRAND)
    draft = Draft(
        brand=BRAND,
        format="carousel",
        title=WORDS[0][0],
        variant="dark",
        template=TEMPLATE,
        facts=(),
        slides=tuple(Slide(heading=heading, body=body) for heading, body in WORDS),
        caption="What the bench says.",
        hashtags=(),
    )
    order = Order("bench", BRAND, "bench", draft.model_dump(mode="json"), kit)
    (step,) = (step for step in carousel.plan(order).steps if step.tool == "stills")
    makes = [made for made in step.makes if made.slot.startswith("slide")]
    named = [Artifact(slot=m.slot, path=f"{m.slot}.{kind}", check=m.check) for m in makes]
    files = {"background": folder / "background.webp"}
    return step.model_copy(update={"makes": tuple(named)}), files


def _spec(folder: Path) -> Path:
    """Paint the background; return what tells the peers what to draw."""
    kit = KitFolders([ASSETS / "brands"], fonts=ASSETS / "fonts").get(BRAND)
    look, room = kit.look(), Room(ASSETS, (ASSETS / "brands",), folder)
    ground = folder / "background.webp"
    params = {"look": look, "seed": "bench", "variant": "dark", "photo": None}
    size = {"width": SIZE[0], "height": SIZE[1]}
    background.run({**params, **size}, {}, {"background": ground}, room)
    with Image.open(ground) as picture:
        picture.save(folder / "background.png")
    spec = {
        "background": str(folder / "background.png"),
        "logo": str(room.kit_file(look["logo"])),
        "heading_font": str(room.font(look["fonts"]["heading"])),
        "body_font": str(room.font(look["fonts"]["body"])),
        "handle": look["handle"],
        "slides": WORDS,
    }
    file = folder / "peers.json"
    file.write_text(json.dumps(spec))
    return file


def _starts(
    folder: Path, kind: str, ours: tuple[Step, dict[str, Path], Path], missing: dict[str, str]
) -> dict[str, Start]:
    """Return how each contender is started; say who is missing."""
    step, files, spec = ours
    raw, call = folder / "page.raw", folder / f"ours-{kind}.json"
    with Image.open(folder / "background.png") as picture:
        raw.write_bytes(picture.convert("RGB").tobytes())
    makes = {made.slot: str(folder / f"{made.slot}.{kind}") for made in step.makes}
    told = {"params": step.params, "makes": makes, "assets": str(ASSETS)}
    call.write_text(json.dumps({**told, "background": str(files["background"])}))
    python, pages = sys.executable, [str(raw)] * SLIDES
    found: dict[str, Start] = {
        "limit": lambda out, times: [python, "-c", LIMIT, str(out), kind, str(times), *pages],
        "ours": lambda out, _: [python, "-c", OURS, str(call), str(out)],
    }

    def peer(who: str, *command: str) -> None:
        found[who] = lambda out, times: [*command, str(spec), str(out), kind, str(times)]

    peer("pillow as usual", python, str(PEERS / "carousel_pillow.py"))
    with_missing = (
        ("skia-python", lambda: (str(python_with("skia", SKIA)), str(PEERS / "carousel_skia.py"))),
        ("@napi-rs/canvas", lambda: _node("canvas", CANVAS)),
        *([("satori + resvg", lambda: _node("satori", SATORI))] if kind == "png" else []),
    )
    for who, command in with_missing:
        try:
            peer(who, *command())
        except Missing as reason:
            missing[who] = str(reason)
    return found


def _node(name: str, pins: tuple[str, ...]) -> tuple[str, ...]:
    return "node", str(PEERS / f"carousel_{name}.mjs"), str(node_with(name, pins))


if __name__ == "__main__":
    sys.exit(main())
