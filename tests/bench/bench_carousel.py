"""A carousel of five slides, as PNG and as JPEG: our ``stills`` tool beside its peers.

    ./brandcast bench carousel [--json]

The same picture, words and fonts; each fits the words by its own measuring. A run is a whole
process, started afresh; what one more slide costs is the difference of ten slides and five.
Runs are interleaved, medians count. The limit writes the ready pages and does nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lib.adapters.kits import KitFolders  # noqa: E402 - only now on the path
from lib.core.recipes.carousel import SLIDES  # noqa: E402
from lib.core.recipes.pictures import page  # noqa: E402
from lib.core.recipes.post import SIZE  # noqa: E402
from lib.media.picture import background  # noqa: E402
from lib.media.room import Room  # noqa: E402
from tests.bench.peer_env import Missing, node_with, python_with  # noqa: E402
from tests.bench.tree import Run, run  # noqa: E402

ROUNDS, BRAND = 5, "kitchen-proof"
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
makes = {slot: Path(sys.argv[2]) / f"{slot}.{sys.argv[3]}" for slot in call["params"]["pages"]}
room = Room(Path(call["assets"]), (Path(call["assets"]) / "brands",), Path(sys.argv[2]))
stills.run(call["params"], {"background": Path(call["background"])}, makes, room)
"""
LIMIT = """import sys
from pathlib import Path
from PIL import Image
pages = [Image.frombytes("RGB", (1080, 1350), Path(name).read_bytes()) for name in sys.argv[3:]]
how = {"jpg": {"quality": 90, "subsampling": 0}, "png": {"compress_level": 1}}[sys.argv[2]]
for number, page in enumerate(pages):
    page.save(f"{sys.argv[1]}/{number}.{sys.argv[2]}", **how)
"""


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
                f"{kind:<5}{who:<18}{one['wall_s']:7.3f} s {one['cpu_s']:7.3f} s of CPU"
                f" {1000 * one['slide_cpu_s']:7.1f} ms a slide {one['pss_mb']:6.0f} MB"
            )
    for who, reason in result["missing"].items():
        print(f"{who:<18}left out: {reason}")
    for name, ratio in result["ratios"].items():
        print(f"{name:<40}{ratio:6.2f}")
    return 0


def _measure(folder: Path) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    specs = {count: _specs(folder, count) for count in (SLIDES, 2 * SLIDES)}
    missing, kinds = {}, {}
    for kind in ("jpg", "png"):
        runs: dict[tuple[str, int], list[Run]] = {}
        commands = _commands(folder, kind, missing)
        for number in range(-1, ROUNDS):  # the first finds files cold and does not count
            for who, command in commands.items():
                for count, files in specs.items():
                    out = folder / f"{who.replace('/', '-')}-{kind}-{count}"
                    out.mkdir(exist_ok=True)
                    one = run(command(files, out, count))
                    if number >= 0:
                        runs.setdefault((who, count), []).append(one)
        kinds[kind] = {who: _told(runs, who) for who in commands}
    return {"slides": SLIDES, "kinds": kinds, "missing": missing, "ratios": _ratios(kinds)}


def _told(runs: dict[tuple[str, int], list[Run]], who: str) -> dict[str, float]:
    told = {
        what: round(median(getattr(one, what) for one in runs[who, SLIDES]), 4)
        for what in ("wall_s", "cpu_s", "pss_mb")
    }
    twice = median(one.cpu_s for one in runs[who, 2 * SLIDES])
    return {**told, "slide_cpu_s": round((twice - told["cpu_s"]) / SLIDES, 4)}


def _ratios(kinds: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """Return how many times faster we are than the best peer, and how near the limit."""
    found = {}
    for kind, contenders in kinds.items():
        peers = [one for who, one in contenders.items() if who not in ("ours", "limit")]
        for unit in ("wall_s", "cpu_s", "slide_cpu_s"):
            ours, best = contenders["ours"][unit], min(one[unit] for one in peers)
            name = unit.removesuffix("_s")
            found[f"{kind}_{name}_times_faster_than_best"] = round(best / ours, 2)
            found[f"{kind}_{name}_ratio_to_limit"] = round(ours / contenders["limit"][unit], 2)
    return found


def _specs(folder: Path, count: int) -> dict[str, Path]:
    """Write what is to be drawn, for us and for the peers."""
    kit = KitFolders([ASSETS / "brands"], fonts=ASSETS / "fonts").get(BRAND)
    look, room = kit.look(), Room(ASSETS, (ASSETS / "brands",), folder)
    ground = folder / "background.webp"
    params = {"look": look, "seed": "bench", "variant": "dark", "photo": None}
    size = {"width": SIZE[0], "height": SIZE[1]}
    background.run({**params, **size}, {}, {"background": ground}, room)
    with Image.open(ground) as picture:
        picture.save(folder / "background.png")
    words = [WORDS[number % SLIDES] for number in range(count)]
    last = count - 1
    pages = {
        f"slide_{number}": page(
            {0: "cover", last: "closing"}.get(number, "body"),
            heading,
            SIZE,
            body=body,
            index=number % SLIDES + 1,
            of=SLIDES,
        )
        for number, (heading, body) in enumerate(words)
    }
    ours, peers = folder / f"ours-{count}.json", folder / f"peers-{count}.json"
    call = {"look": look, "variant": "dark", "pages": pages}
    told = {"params": call, "background": str(ground), "assets": str(ASSETS)}
    ours.write_text(json.dumps(told))
    spec = {
        "background": str(folder / "background.png"),
        "logo": str(room.kit_file(look["logo"])),
        "heading_font": str(room.font(look["fonts"]["heading"])),
        "body_font": str(room.font(look["fonts"]["body"])),
        "handle": look["handle"],
        "slides": words,
    }
    peers.write_text(json.dumps(spec))
    return {"ours": ours, "peers": peers}


def _commands(folder: Path, kind: str, missing: dict[str, str]) -> dict[str, Any]:
    """Return how each contender is started; say who is missing."""
    raw = folder / "page.raw"
    with Image.open(folder / "background.png") as picture:
        raw.write_bytes(picture.convert("RGB").tobytes())
    python = sys.executable
    found: dict[str, Any] = {
        "limit": lambda _, out, count: [python, "-c", LIMIT, str(out), kind, *[str(raw)] * count],
        "ours": lambda files, out, _: [python, "-c", OURS, str(files["ours"]), str(out), kind],
    }

    def peer(who: str, *command: str) -> None:
        found[who] = lambda files, out, _: [*command, str(files["peers"]), str(out), kind]

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
