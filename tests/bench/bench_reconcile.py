"""What a pass of the audit is billed for, beside one look for each artifact.

    ./brandcast bench reconcile [--json] [--full]

Records and objects are generated as they are asked for, so that only the pass itself takes memory.
What it takes to generate and to free them is measured in the same run and left out of the
figures, and nothing else is. Every project has fifteen clips and a video; an owner has five brands. Both ways
run the real code and their calls are counted; the old way (a look for each artifact) is run over
the first projects and scaled, for each of its looks is the same. ``--full`` adds a million projects
(some minutes). ``with_ledger`` is the same pass over records that are harder: each of their steps
has an attempt in the ledger, and the facts of no two projects are equal.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from lib.adapters.clock import ManualClock  # noqa: E402 - a bench is a script of its own
from lib.app.audit import reconcile  # noqa: E402
from lib.app.case import WORKS, attempt_field, case_of, new_record, walk  # noqa: E402
from lib.app.judgement import judge, summarise  # noqa: E402
from lib.core.checks import Check  # noqa: E402
from lib.core.paths import CATEGORIES, ObjectName, build, fingerprint, parse  # noqa: E402
from lib.core.work import Artifact, Attempt, Plan, Step, Work  # noqa: E402
from lib.ports import ObjectInfo, Page, Query, Record  # noqa: E402

SIZE = 10_000
FULL = 1_000_000
#: Projects that the old way is run over; it does the same for each.
NAIVE = 2_000
BRANDS = 5
#: List prices in dollars: a document read, a list call (class A), a look (class B).
READ, CLASS_A, CLASS_B = 0.03 / 100_000, 0.005 / 1_000, 0.0004 / 1_000
#: Slot → its category.
SLOTS = {**{f"clip_{number:02}": "clips" for number in range(15)}, "video": "videos"}
#: Pages that a walk may still be reading: one of each category, and the first four of a brand.
PAGES_HELD = 12
NOW = 1_700_000_000.0
CHECK = Check(media_type="image/jpeg", width=10, height=10, min_spread=4.0)
#: Stands for the spread that differs from project to project.
SPREAD = 50.125
FACTS = {"media_type": "image/jpeg", "width": 10, "height": 10, "spread": SPREAD}


@dataclass
class Generated:
    """Both ports over projects that exist only while they are asked for."""

    projects: int
    each: int
    #: Records have a ledger, and facts of their own.
    with_ledger: bool = False
    reads: int = 0
    lists: int = 0
    stats: int = 0
    #: Processor seconds that went into the generating, and into freeing what was generated.
    own_s: float = 0.0
    #: What was answered last: it is freed in here, where the time is not the pass's.
    _records: deque[Any] = field(default_factory=lambda: deque(maxlen=2))
    _pages: deque[Any] = field(default_factory=lambda: deque(maxlen=PAGES_HELD))
    _templates: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def studio(self) -> Any:
        return SimpleNamespace(records=self, objects=self, clock=ManualClock(NOW + 10_000))

    @property
    def brands(self) -> int:
        return -(-self.projects // self.each)

    def query(self, query: Query) -> list[Record]:
        start = time.process_time()
        found = list(self._found(query))
        self._records.append(tuple(found))
        self.reads += max(1, len(found))  # an empty answer is billed as one
        self.own_s += time.process_time() - start
        return found

    def _found(self, query: Query) -> Iterator[Record]:
        said, after = query.equals, query.after
        if query.order_by == "owner":
            after_owner = after.data["owner"] if after else ""
            first = int(after_owner[1:]) + 1 if after_owner else 0
            if first * BRANDS < self.brands:
                yield Record(f"{WORKS}/x", {"owner": f"o{first:06}"}, 1)
        elif query.order_by == "brand":
            owner = int(said["owner"][1:])
            brand = int(after.data["brand"][1:]) + 1 if after else 0
            if brand < BRANDS and owner * BRANDS + brand < self.brands:
                yield Record(f"{WORKS}/x", {**said, "brand": f"b{brand}"}, 1)
        elif said:
            number = int(said["owner"][1:]) * BRANDS + int(said["brand"][1:])
            begin = number * self.each
            last = min(begin + self.each, self.projects)
            begin = max(begin, number_of(after.path) + 1) if after else begin
            yield from map(self.record, range(begin, min(last, begin + query.limit)))
        else:
            begin = number_of(after.path) + 1 if after else 0
            yield from map(self.record, range(begin, min(self.projects, begin + query.limit)))

    def record(self, number: int) -> Record:
        """Return a project's record: one of its brand with the id put in."""
        owner, brand = self._owner(number)
        if (owner, brand) not in self._templates:
            self._templates = {(owner, brand): template(owner, brand, self.with_ledger)}
        text = self._templates[owner, brand].replace("w-id", id_of(number))
        if self.with_ledger:
            text = text.replace(str(SPREAD), f"{20 + number % 97}.125")
        return Record(f"{WORKS}/{id_of(number)}", json.loads(text), 1)

    def _owner(self, number: int) -> tuple[str, str]:
        owner, brand = divmod(number // self.each, BRANDS)
        return f"o{owner:06}", f"b{brand}"

    def list(self, prefix: str, *, cursor: str | None = None, limit: int = 1000) -> Page:
        start = time.process_time()
        self.lists += 1
        first, last, categories = self._range(prefix)
        slots = [
            (c, slot) for c in sorted(categories) for slot in sorted(SLOTS) if SLOTS[slot] == c
        ]
        names = self._names(first, last, slots, int(cursor or 0))
        items = tuple(info for info, _ in zip(names, range(limit), strict=False))
        self._pages.append(items)
        end = int(cursor or 0) + len(items)
        more = end < (last - first) * len(slots)
        self.own_s += time.process_time() - start
        return Page(items, str(end) if more else None)

    def _range(self, prefix: str) -> tuple[int, int, set[str]]:
        parts = prefix.split("/")
        if len(parts) < 3:
            return 0, self.projects, set(SLOTS.values())
        number = int(parts[0][1:]) * BRANDS + int(parts[1][1:])
        folders = {parts[2]} & set(SLOTS.values()) if parts[2] else set(SLOTS.values())
        return number * self.each, min(self.projects, (number + 1) * self.each), folders

    def _names(
        self, first: int, last: int, slots: list[tuple[str, str]], skip: int
    ) -> Iterator[ObjectInfo]:
        for category in sorted({category for category, _ in slots}):
            mine = [slot for place, slot in slots if place == category]
            count = (last - first) * len(mine)
            if skip >= count:
                skip -= count
                continue
            for number in range(first + skip // len(mine), last):
                owner, brand = self._owner(number)
                for slot in mine[skip % len(mine) :]:
                    yield info_of(path_of(owner, brand, id_of(number), slot))
                skip = 0

    def stat(self, path: str) -> ObjectInfo | None:
        self.stats += 1
        return info_of(path)


def id_of(number: int) -> str:
    return f"b-20261121-{number:08}"


def number_of(path: str) -> int:
    return int(path.rpartition("-")[2])


def path_of(owner: str, brand: str, work_id: str, slot: str) -> str:
    return f"{owner}/{brand}/{SLOTS[slot]}/{work_id}_{slot}-{PRINTS[slot]}.jpg"


PRINTS = {slot: fingerprint(slot) for slot in SLOTS}


def info_of(path: str) -> ObjectInfo:
    return ObjectInfo(path, 1_700_000_000_000_000, 250_000, "AAAAAA==", "image/jpeg", NOW)


def template(owner: str, brand: str, with_ledger: bool) -> str:
    """Return the record of a ready project called ``w-id``, as the studio itself writes it."""
    artifacts = []
    for slot, category in SLOTS.items():
        name = ObjectName(owner, brand, category, "w-id", slot, PRINTS[slot], "jpg")
        path = build(name)
        assert path == path_of(owner, brand, "w-id", slot)
        assert parse(path) == name
        assert category in CATEGORIES
        artifacts.append(Artifact(slot=slot, path=path, check=CHECK))
    steps = tuple(Step(name=a.slot, tool="stills", makes=(a,)) for a in artifacts)
    said: dict[str, Any] = {"owner": owner, "actor": owner, "brand": brand, "kind": "reel"}
    work = Work(id="w-id", plan=Plan(steps=steps), created_at=NOW, **said)
    data = new_record(work)
    del data["due_at"]
    for a in artifacts:
        info = info_of(a.path)
        data["measured"][a.slot] = {
            "path": a.path,
            "generation": info.generation,
            "size": info.size,
            "crc32c": info.crc32c,
            "updated_at": info.updated_at,
            "facts": FACTS,
            "ours": True,
        }
    if with_ledger:
        told: dict[str, Any] = {"executor": "somebody", "outcome": "ok"}
        for step in steps:
            attempt = Attempt(
                step=step.name, number=1, enqueued_at=NOW, started_at=NOW, ended_at=NOW, **told
            )
            data["attempts"][attempt_field(attempt)[1]] = attempt.model_dump(mode="json")
    record = Record(f"{WORKS}/w-id", data, 1)
    world = SimpleNamespace(objects=SimpleNamespace(stat=info_of), clock=ManualClock(NOW))
    found, sightings, _ = judge(world, case_of(record))  # type: ignore[arg-type]
    data["summary"] = summarise(work, found, sightings, case_of(record).attempts)
    return json.dumps(data)


def naive(studio: Any) -> None:
    """Look at every artifact of every work: the way of the audit before it was a join."""
    for record in walk(studio, Query(WORKS, order_by="created_at")):
        found, _, _ = judge(studio, case_of(record))
        assert found.complete


def joined(studio: Any) -> None:
    report = reconcile(studio)
    assert report.looked_at == report.orphans.objects == 0
    assert not report.corrections
    assert not report.unreachable


def measured(
    way: Callable[[Any], None], projects: int, each: int, *, with_ledger: bool = False
) -> dict[str, float]:
    """Run a way and return what it is billed for, and what it took."""
    world = Generated(projects, each, with_ledger)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    way(world.studio)
    took_s = time.process_time() - start - world.own_s
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return {
        "reads": world.reads,
        "class_a": world.lists,
        "class_b": world.stats,
        "dollars": world.reads * READ + world.lists * CLASS_A + world.stats * CLASS_B,
        "us_per_project": took_s / projects * 1e6,
        "us_of_generating": world.own_s / projects * 1e6,
        "rss_growth_mib": grown / 1024,
    }


def result(projects: int, each: int) -> dict[str, Any]:
    """Measure our way over so many projects and the old one beside it."""
    ours = measured(joined, projects, each)
    few = measured(naive, NAIVE, each)
    harder = measured(joined, min(projects, SIZE), each, with_ledger=True)
    scale = projects / NAIVE
    old = {name: few[name] * scale for name in ("reads", "class_a", "class_b", "dollars")}
    bucket = [way["class_a"] + way["class_b"] for way in (ours, old)]
    billed = [way["reads"] + calls for way, calls in zip((ours, old), bucket, strict=True)]
    return {
        "projects": projects,
        "ops_ratio_to_naive": round(billed[1] / billed[0], 1),
        "bucket_ops_ratio_to_naive": round(bucket[1] / bucket[0], 1),
        "us_per_project": round(ours["us_per_project"], 1),
        "us_per_project_with_ledger": round(harder["us_per_project"], 1),
        "us_per_project_of_generating": round(ours["us_of_generating"], 1),
        "rss_growth_mib": round(ours["rss_growth_mib"], 2),
        "objects_in_a_project": len(SLOTS),
        "projects_in_a_brand": each,
        "reads": int(ours["reads"]),
        "class_a": int(ours["class_a"]),
        "class_b": int(ours["class_b"]),
        "dollars": round(ours["dollars"], 5),
        "naive": {
            **{name: round(value) for name, value in old.items() if name != "dollars"},
            "dollars": round(old["dollars"], 5),
            "us_per_project": round(few["us_per_project"], 1),
        },
    }


def main() -> int:
    """Measure one size; with ``--full`` the large one is what ``--json`` names first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--full", action="store_true", help="a million projects as well")
    parser.add_argument("--each", type=int, default=1_000, help="projects in a brand")
    args = parser.parse_args()
    measured(joined, NAIVE, args.each)  # what every pass needs is loaded and not counted
    found = []
    for projects in (SIZE, *([FULL] if args.full else [])):
        one = result(projects, args.each)
        found.append(one)
        if not args.json:
            print(
                f"{projects:>9,} projects: {one['reads']:,} reads, {one['class_a']:,} class A, "
                f"{one['class_b']:,} class B, ${one['dollars']:.4f} "
                f"(one look each: ${one['naive']['dollars']:.4f}, "
                f"{one['ops_ratio_to_naive']:.1f} times its operations, "
                f"{one['bucket_ops_ratio_to_naive']:.0f} times on the bucket), "
                f"{one['us_per_project']:.1f} µs each "
                f"({one['us_per_project_with_ledger']:.1f} with a ledger), "
                f"+{one['rss_growth_mib']:.1f} MiB"
            )
    if args.json:
        print(json.dumps({**found[-1], "sizes": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
