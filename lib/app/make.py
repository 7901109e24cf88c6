"""Make what is missing of a step: fetch what it needs, run its tool, check the files, put them.

Called by ``perform``, which owns the attempt. A file is checked before it is put, and one that was
finished by an earlier attempt on this machine is put without running the tool again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

from lib.app import desk, salvage
from lib.app.case import Case
from lib.app.deposit import deposit
from lib.app.journal import note
from lib.app.observe import sight
from lib.app.studio import Studio
from lib.core.checks import faults
from lib.core.errors import Conflict, Refused, ToolFailed, Unavailable
from lib.core.tools import TOOLS
from lib.core.work import Artifact, Json, Sighting, Step
from lib.ports import ToolCall

#: What the judgement found missing of a step, each with the bad bytes that are in its place.
Missing = Sequence[tuple[Artifact, Sighting | None]]


class Reach(Enum):
    """How far a run came."""

    BEFORE_TOOL = auto()
    IN_TOOL = auto()
    AFTER_TOOL = auto()


@dataclass(slots=True)
class Run:
    """One run of a step, and how far it came."""

    studio: Studio
    case: Case
    step: Step
    reach: Reach = Reach.BEFORE_TOOL


def make(run: Run, missing: Missing) -> None:
    """Make the artifacts of a step that are missing, and put them."""
    studio = run.studio
    files = {a.slot: salvage.place(studio.scratch, a) for a, _ in missing}
    facts = {a.slot: salvage.facts_of(studio, a, files[a.slot]) for a, _ in missing}
    lacking = [a for a, _ in missing if facts[a.slot] is None]
    if lacking:
        facts |= _run_tool(run, lacking, files)
    run.reach = Reach.AFTER_TOOL
    for artifact, seen in missing:
        measured = facts[artifact.slot]
        assert measured is not None
        _put(studio, run.case, _Finished(artifact, files[artifact.slot], measured), seen)


def _run_tool(
    run: Run, lacking: list[Artifact], files: Mapping[str, Path]
) -> dict[str, Json | None]:
    """Run the tool in a private folder, check its files, and move them to their waiting place."""
    studio, case, step = run.studio, run.case, run.step
    with salvage.room(studio.scratch) as workdir:
        makes = {a.slot: workdir / f"{a.slot}{Path(a.path).suffix}" for a in lacking}
        needs = _fetch_needs(studio, case, step, workdir)
        deadline_s = TOOLS[step.tool].deadline_s if step.tool in TOOLS else step.patience_s
        call = ToolCall(step.tool, step.params, needs, makes, workdir, deadline_s)
        own = desk.TOOLS.get(step.tool)
        run.reach = Reach.IN_TOOL
        if own is not None:
            own(studio, case, call)
        else:
            studio.tools.run(call)
        run.reach = Reach.AFTER_TOOL
        facts: dict[str, Json | None] = {}
        for artifact in lacking:
            facts[artifact.slot] = _checked(studio, step, artifact, makes[artifact.slot])
        for artifact in lacking:
            makes[artifact.slot].replace(files[artifact.slot])
        return facts


def _fetch_needs(studio: Studio, case: Case, step: Step, workdir: Path) -> dict[str, Path]:
    """Fetch what the step needs, each file pinned to the generation that was checked."""
    artifacts = {a.slot: a for a in case.work.plan.artifacts()}
    files: dict[str, Path] = {}
    for slot in step.needs:
        artifact = artifacts[slot]
        seen = sight(studio, artifact, case.measured.get(slot))
        if seen is None or not seen.valid:
            raise Unavailable(f"{slot} is not in the bucket any more")
        files[slot] = workdir / f"need_{slot}{Path(artifact.path).suffix}"
        studio.objects.fetch(artifact.path, seen.generation, files[slot])
    return files


def _checked(studio: Studio, step: Step, artifact: Artifact, file: Path) -> Json:
    """Return the facts of a file that a tool made. Raises ToolFailed when it is no good."""
    if not file.is_file():
        raise ToolFailed(step.tool, f"did not write {artifact.slot}", permanent=False)
    facts = studio.tools.probe(file, artifact.check.media_type)
    wrong = faults(artifact.check, file.stat().st_size, facts)
    if wrong:
        raise ToolFailed(step.tool, f"made a bad {artifact.slot}: {'; '.join(wrong)}")
    return facts


@dataclass(frozen=True, slots=True)
class _Finished:
    """A file that passed its artifact's check, with what was measured of it."""

    artifact: Artifact
    file: Path
    facts: Json


def _put(studio: Studio, case: Case, finished: _Finished, seen: Sighting | None) -> None:
    """Put a checked file and unlink it only after the bucket showed the same bytes."""
    artifact, file = finished.artifact, finished.file
    try:
        deposit(studio, case.work.id, artifact, file, facts=finished.facts, seen=seen)
    except (Conflict, Refused, FileNotFoundError) as error:
        winner = sight(studio, artifact, None)
        if winner is None or not winner.valid:
            if file.is_file():
                raise
            # An attempt on this machine that was given up was not dead, and has put it meanwhile.
            raise Unavailable(f"another attempt took {artifact.slot} along") from error
        note("put_lost", f"{artifact.path} was put by another", work_id=case.work.id)
    file.unlink(missing_ok=True)
