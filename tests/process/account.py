"""What a studio is held to after a kill: what it acknowledged, what it claims, what it left behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from lib.core.paths import fingerprint
from tests.process.evidence import RESTING, Evidence, artifacts, count_lines, crc32c_of
from tests.process.studio import BOOK, MENDED, UNLUCKY
from tests.rendering import renderings

#: What people do to files with their own hands.
BY_HAND = ("delete", "junk", "overwrite", "foreign")


class Account:
    """Everything that people were told, kept outside of the studio."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.acts: Counter[str] = Counter()
        self.created: set[str] = set()
        self.revisions: Counter[str] = Counter()
        self.archived: set[str] = set()
        #: Files that people put, with their checksums; what may have been put without our hearing.
        self.theirs: dict[str, str] = {}
        #: Paths that somebody touched since the studio was last left alone.
        self.touched: set[str] = set()
        #: How often a person gave a reason to make something again, by work.
        self.reasons: Counter[str] = Counter()

    def enter(self, line: dict[str, Any]) -> None:
        """Enter one line of what people said."""
        act, work, path = line["act"], line.get("work", ""), line.get("path", "")
        if line["stage"] == "will":
            self.reasons[work or owner_of(path)] += 1
            if path:
                self.touched.add(path)
                self.theirs.pop(path, None)
            return
        self.acts[act] += 1
        if act in ("create", "burst"):
            self.created.add(work)
        elif act == "revise":
            self.revisions[work] = max(self.revisions[work], line["revision"])
        elif act == "archive":
            self.archived.add(work)
        elif act in ("overwrite", "foreign"):
            self.theirs[path] = line["crc32c"]

    def wrong_now(self, seen: Evidence) -> list[str]:
        """Return what no kill at any instant may cause."""
        found = [] if seen.intact == "ok" else [f"the database is broken: {seen.intact}"]
        found += [f"{id_} was acknowledged and is gone" for id_ in self.created - set(seen.works)]
        for id_, revision in self.revisions.items():
            if id_ in seen.works and seen.works[id_]["work"]["revision"] < revision:
                found.append(f"{id_}: its revision {revision} was acknowledged and is gone")
        for id_ in self.archived & set(seen.works):
            if seen.works[id_]["work"]["archived_at"] is None:
                found.append(f"{id_} was put away, and is not")
        for path, crc32c in self.theirs.items():
            file = seen.bucket / path
            if not file.exists() or crc32c_of(file) != crc32c:
                found.append(f"{path} was put by a person and is gone or changed")
        return found + list(seen.lies(excused=self.touched))

    def wrong_at_rest(self, seen: Evidence, most_runs: int) -> list[str]:
        """Return what must not be once the studio was left alone; nothing is excused."""
        self.touched.clear()
        found = self.wrong_now(seen)
        mended = count_lines(self._folder / MENDED)
        for id_, record in seen.works.items():
            unlucky = UNLUCKY in record["work"]["spec"].get("title", "") and id_ not in mended
            wanted = {"archived"} if record["work"]["archived_at"] else {"ready"}
            died = "its worker died" in " ".join(record["summary"].get("reasons", []))
            wanted |= {"failed"} if unlucky else set()
            wanted |= {"failed", "partial"} if died else set()  # so often that it was given up
            phase = record["summary"]["phase"]
            if phase not in wanted:
                found.append(f"{id_} is {phase}, not {wanted}: {record['summary'].get('reasons')}")
        found += [
            f"{id_}: attempt {a['number']} of {a['step']} is open for ever"
            for id_, a in seen.attempts(ended_at=None)
            if a["started_at"] is not None
        ]
        found += [f"{seen.events} events were never delivered"] if seen.events else []
        found += [f"{seen.dead} tasks were given up"] if seen.dead else []
        runs = sum("/run-" in name for name in seen.leavings())
        left = [name for name in seen.leavings() if "/run-" not in name]
        left = [
            name for name in left if Path(name).name in waited_for(seen) or "finished" not in name
        ]
        if left or runs > most_runs:
            found.append(f"left behind: {left} and {runs} rooms")
        return found + self._renders(seen)

    def _renders(self, seen: Evidence) -> list[str]:
        """Return what was made more often than executors died, people meddled, and once more."""
        book, found = count_lines(self._folder / BOOK), []
        lost: defaultdict[str, int] = defaultdict(int)
        for id_, attempt in seen.attempts():
            lost[id_] += attempt["outcome"] == "lost" or attempt["message"] == "its worker died"
        for id_, record in seen.works.items():
            most = 1 + lost[id_] + self.reasons[id_] + record["work"]["revision"] - 1
            for _, slot, name in renderings(record["work"]["plan"]):
                if book[name] > most:
                    found.append(f"{id_} {slot} was made {book[name]} times, not {most}")
        return found


def waited_for(seen: Evidence) -> set[str]:
    """Return the names under which finished files wait for a plan; others go after a day."""
    live = [r for r in seen.works.values() if not r["work"]["archived_at"]]
    paths = [path for record in live for _, path, _ in artifacts(record)]
    return {f"{fingerprint(path)}{Path(path).suffix}" for path in paths}


def owner_of(path: str) -> str:
    """Return the work whose object lies at a path; nothing for a person's own file."""
    name = path.rpartition("/")[2]
    return name.partition("_")[0] if "_" in name else ""


def resting(seen: Evidence) -> bool:
    """Tell whether nothing moves any more."""
    phases = {record["summary"]["phase"] for record in seen.works.values()}
    gone = (
        slot
        for r in seen.works.values()
        if r["summary"]["phase"] == "ready"
        for slot, path, keep in artifacts(r)
        if keep != "raw" and not (seen.bucket / path).exists()
    )
    at_work = any(a["started_at"] for _, a in seen.attempts(ended_at=None))
    return phases <= RESTING and not at_work and not seen.events and not any(gone)
