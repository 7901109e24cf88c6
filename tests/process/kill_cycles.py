"""kill -9 of a working studio, over and over, on one data folder.

    python -m tests.process.kill_cycles --cycles 200 --seed 1 [--folder DIR]

Each cycle starts the studio and people beside it, kills at a random instant, and looks at what lies
on the disk. Every ``REST_EVERY`` cycles, and at the end, nobody acts and nothing is killed until all
is settled; then nothing is excused. Prints one JSON document; exit 1 when anything was wrong. A seed
gives the same acts and the same instants, as far as processes of their own let it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lib.app.invariants import inspect
from lib.core.errors import StudioError
from lib.settings import ROOT
from lib.wiring.local import open_local
from tests.app.crank import settings_below
from tests.process.account import Account, resting
from tests.process.evidence import Evidence, count_lines
from tests.process.group import Group, kill
from tests.process.studio import BOOK

#: Cycles between two rests.
REST_EVERY = 20
#: Seconds between two looks at whether it has.
LOOK_S = 0.25
#: Who is killed, and how often, of the sum of all.
KILLS = {"whole": 9, "studio": 4, "worker": 4, "starting": 3}
#: Seconds that a studio which serves lives on at most.
LONGEST_S = 1.0
#: Seconds from a start to before it serves, in which "starting" kills.
STARTING_S = 0.9


@dataclass(slots=True)
class Campaign:
    """What is done to one folder, and what was found."""

    folder: Path
    seed: int
    bug: str = ""
    #: Seconds within which a studio that is left alone must settle everything.
    rest_s: float = 90.0
    rest_every: int = REST_EVERY
    kills: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    rests: list[float] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    account: Account = field(init=False)
    chance: random.Random = field(init=False)
    seen: Evidence = field(init=False)

    def __post_init__(self) -> None:
        """Begin in an empty folder."""
        self.account = Account(self.folder)
        self.chance = random.Random(self.seed)
        (self.folder / "world.json").write_text(json.dumps({"bug": self.bug}))

    def run(self, cycles: int) -> None:
        """Kill so often; stop early when something is wrong that every later look would repeat."""
        for number in range(cycles):
            self.cycle(number)
            self.judge(f"cycle {number}", at_rest=False)
            if (number + 1) % self.rest_every == 0 or number + 1 == cycles:
                self.rest()
                self.judge(f"rest after cycle {number}", at_rest=True)
            if self.violations:
                return

    def cycle(self, number: int) -> None:
        """Start everything and kill it."""
        who = self.chance.choices(list(KILLS), list(KILLS.values()))[0]
        lives_s = self.chance.uniform(0.0, LONGEST_S)
        starting_s = self.chance.uniform(0.0, STARTING_S)
        group = Group(self.folder)
        people = self._people(number)
        if not group.serves(starting_s if who == "starting" else 60.0):
            if group.process.poll() is not None:
                self.violations.append(f"cycle {number}: the studio did not start")
        else:
            self.starts.append(time.monotonic() - group.begun)
            time.sleep(lives_s)
            who = "whole" if who == "starting" else who  # it was faster
        if who == "worker":
            self._kill_a_worker(group)
        self.kills[who] += 1
        kill(people.pid)
        group.kill(alone=who == "studio")
        self._enter(people)

    def _people(self, number: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.process.people", str(self.folder)]
        seed = f"{self.seed}-{number}"
        errors = (self.folder / "people.txt").open("ab")
        with errors:
            return subprocess.Popen(
                [*command, seed], cwd=ROOT, stdout=subprocess.PIPE, stderr=errors
            )

    def _enter(self, people: subprocess.Popen[bytes]) -> None:
        output, _ = people.communicate()
        if people.returncode != -9:
            self.violations.append(f"people ended by themselves, with {people.returncode}")
        for line in output.split(b"\n")[:-1]:
            self.account.enter(json.loads(line))

    def _kill_a_worker(self, group: Group) -> None:
        workers = sorted(group.workers())
        if workers:
            kill(self.chance.choice(workers))
            time.sleep(self.chance.uniform(0.0, 1.5))  # its successor comes after a second

    def rest(self) -> None:
        """Leave the studio alone until nothing moves."""
        begun = time.monotonic()
        with Group(self.folder) as group:
            group.serves()
            while time.monotonic() - begun < self.rest_s:
                if resting(Evidence(self.folder / "data")):
                    break
                time.sleep(LOOK_S)
            try:
                wrong = [job for job in group.client.get("/jobs", limit=500) if negative(job)]
                self.violations += [f"a negative age: {job}" for job in wrong]
            except StudioError as error:
                self.violations.append(f"the API does not answer: {error}")
        self.rests.append(time.monotonic() - begun)

    def judge(self, when: str, *, at_rest: bool) -> None:
        """Hold the studio to account; nobody runs."""
        self.seen = Evidence(self.folder / "data")
        # A room for each that runs tools: the render workers and the desk's threads.
        rooms = (os.cpu_count() or 1) + 2
        if at_rest:
            found = self.account.wrong_at_rest(self.seen, rooms)
        else:
            found = self.account.wrong_now(self.seen)
        found += self._breaches() if at_rest else []
        self.violations += [f"{when}: {one}" for one in found]

    def _breaches(self) -> list[str]:
        """Ask every invariant, as the command ``audit`` does."""
        local = open_local(settings_below(self.folder))
        try:
            return [str(breach) for breach in inspect(local.studio).breaches]
        finally:
            local.close()

    def summary(self) -> dict[str, Any]:
        """Return the figures of the campaign."""
        seen = self.seen
        book = count_lines(self.folder / BOOK)
        outcomes = Counter(a["outcome"] for _, a in seen.attempts())
        return {
            "seed": self.seed,
            "cycles": sum(self.kills.values()),
            "kills": dict(self.kills),
            "acts": dict(self.account.acts),
            "works": len(seen.works),
            "phases": dict(Counter(r["summary"]["phase"] for r in seen.works.values())),
            "renders": book.total(),
            "renders_of_one": max(book.values(), default=0),
            "attempts": {str(name): count for name, count in outcomes.items()},
            "start_s_median": round(sorted(self.starts)[len(self.starts) // 2], 2),
            "start_s_longest": round(max(self.starts), 2),
            "rests": len(self.rests),
            "rest_s_longest": round(max(self.rests, default=0.0), 2),
            "violations": self.violations,
        }


def negative(job: dict[str, Any]) -> bool:
    """Tell whether a card shows an age below nothing."""
    return job["elapsed_s"] is not None and job["elapsed_s"] < 0


def main() -> int:
    """Run a campaign and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="an empty folder that is kept")
    parser.add_argument("--bug", default="", help="plant a bug of tests/process/planted.py")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        folder = (args.folder or Path(spare)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        campaign = Campaign(folder, args.seed, args.bug)
        campaign.run(args.cycles)
        seconds = round(time.monotonic() - begun, 1)
        print(json.dumps({**campaign.summary(), "seconds": seconds}, indent=1))
    return 1 if campaign.violations else 0


if __name__ == "__main__":
    sys.exit(main())
