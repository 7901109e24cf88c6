"""Turn the files of one job into a work whose plan says exactly what they are.

Called by ``run.py`` for every group. The plan has a step for each file, made by the tool
``adopted``, which cannot make anything: it says what to do. What is missing or damaged at the
source is in the plan too, so that the work says what it lacks. Nothing notes how far a migration
has come: ids and paths follow from the source, and what is here shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.app.case import Case, Fields, load, record_path
from lib.app.migrate.carry import Place, carry, check_of, here
from lib.app.migrate.groups import Group, Piece
from lib.app.migrate.names import FILMS, PICTURES, work_id
from lib.app.perform import perform
from lib.app.settle import begin, settle
from lib.app.studio import Studio
from lib.core.checks import Check
from lib.core.errors import Conflict, Unavailable
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.rollup import Phase
from lib.core.tools import TOOLS
from lib.core.work import Artifact, Json, Plan, Step, Work
from lib.ports import Objects

TOOL = TOOLS["adopted"]
#: Who asked for works that were migrated.
ACTOR = "migrate"
#: Where a file belongs that is not there, so that nothing but its slot tells.
_ABSENT = {
    "thumbnail": ("thumbnails", "png", PICTURES["png"]),
    "reel_image": ("reels", "png", PICTURES["png"]),
    "reel": ("reels", "mp4", FILMS["mp4"]),
    "video": ("videos", "mp4", FILMS["mp4"]),
}
_ABSENT_POST = ("posts", "png", PICTURES["png"])


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a group becomes a work of, and what its keys are called in full."""

    owner: str
    brand: str
    #: What makes a key a name that a person can look up: ``s3://bucket/``.
    url: str
    #: Where the files of the brand lie.
    home: str
    #: The command that comes here again.
    again: str


@dataclass(slots=True)
class Adoption:
    """What one group came to."""

    group: Group
    work_id: str
    copied: int = 0
    copied_bytes: int = 0
    already_here: int = 0
    #: "adopted", "updated", "unchanged" or "left alone".
    became: str = "unchanged"
    ready: bool = False
    damaged: list[Json] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)


def preview(studio: Studio, group: Group, target: Target) -> Adoption:
    """Return what adopting a group would come to, without a look at its bytes; changes nothing."""
    found = _look(group, target)
    for slot, piece in group.pieces.items():
        place = _place(group, target, slot)
        if piece.file.size == 0:
            found.damaged.append(_bad(target, piece, "0 bytes"))
        elif here(studio, place, piece.file) is None:
            found.copied += 1
            found.copied_bytes += piece.file.size
        else:
            found.already_here += 1
    case = load(studio, found.work_id)
    if case is None:
        found.became = "adopted"
    elif _is_left_alone(case):
        found.became = "left alone"
    else:
        found.ready = case.summary["phase"] == Phase.READY
    return found


def adopt(studio: Studio, source: Objects, group: Group, target: Target) -> Adoption:
    """Bring the files of a group over and make its work.

    Raises Unavailable when a file could not be brought over, or the record stays contended.
    """
    found = _look(group, target)
    case = load(studio, found.work_id)
    if case is not None and _is_left_alone(case):
        found.became = "left alone"
        return found
    steps = []
    for slot in group.slots():
        piece = group.pieces.get(slot)
        if piece is None:
            steps.append(_step(_absent(group, target, slot), target.home, "absent"))
            continue
        place = _place(group, target, slot)
        carried = carry(studio, source, piece, place)
        check = Check(media_type=piece.means.media_type)
        if carried.damage:
            found.damaged.append(_bad(target, piece, carried.damage))
        else:
            check = check_of(piece.file.size, carried.facts)
            found.copied += carried.copied
            found.copied_bytes += piece.file.size if carried.copied else 0
            found.already_here += not carried.copied
        artifact = Artifact(slot=slot, path=place.path, check=check)
        state = "damaged" if carried.damage else "here"
        steps.append(_step(artifact, place.came_from, state))
    found.became = _enter(studio, _work(group, target, Plan(steps=tuple(steps))))
    found.ready = _settled(studio, found) == Phase.READY
    return found


def _look(group: Group, target: Target) -> Adoption:
    absent = [slot for slot in group.slots() if slot not in group.pieces]
    name = work_id(target.owner, group.user, group.brand, group.id)
    return Adoption(group, name, absent=absent)


def _work(group: Group, target: Target, plan: Plan) -> Work:
    return Work(
        id=work_id(target.owner, group.user, group.brand, group.id),
        owner=target.owner,
        actor=ACTOR,
        brand=target.brand,
        kind=group.kind,
        title=group.id,
        spec={"migrated_from": target.home, "id": group.id, "again": target.again},
        plan=plan,
        # Nobody wrote down when it was asked for; its oldest file is the first that is known.
        created_at=min(piece.file.updated_at for piece in group.pieces.values()),
    )


def _is_left_alone(case: Case) -> bool:
    """Tell whether a person put the work away, or made another of it, since it was adopted."""
    return case.work.archived_at is not None or not case.work.spec.get("migrated_from")


def _enter(studio: Studio, work: Work) -> str:
    """Store a work, or bring the one that is there up to date; return what was done."""
    case = load(studio, work.id)
    if case is None:
        try:
            begin(studio, work)
        except Conflict:
            case = load(studio, work.id)
        else:
            return "adopted"
    if case is None:
        raise Unavailable(f"{work.id} came and went", retry_after_s=1.0)
    if case.work.plan == work.plan:
        return "unchanged"
    update = {
        "plan": work.plan,
        "spec": work.spec,
        "kind": work.kind,
        "revision": case.work.revision + 1,
    }
    new = case.work.model_copy(update=update)
    fields: Fields = {
        ("work",): new.model_dump(mode="json"),
        ("kind",): new.kind,
        ("pardons",): {},
    }
    try:
        studio.records.update(record_path(work.id), fields, version=case.version)
    except Conflict as error:
        raise Unavailable(f"{work.id} is being written by others", retry_after_s=1.0) from error
    return "updated"


def _settled(studio: Studio, found: Adoption) -> str:
    """Settle a work until it says how it stands; return its phase."""
    settle(studio, found.work_id)
    case = load(studio, found.work_id)
    for attempt in case.attempts if case else ():
        # What cannot be had says so now, and not only when a studio runs.
        if attempt.started_at is None:
            perform(studio, found.work_id, attempt.step, attempt.number)
            case = load(studio, found.work_id)
    return str(case.summary["phase"]) if case else ""


def _place(group: Group, target: Target, slot: str) -> Place:
    file, means = group.pieces[slot].file, group.pieces[slot].means
    # What the listing tells of these very bytes: a changed file belongs elsewhere, and a run
    # that goes on finds what is here without fetching anything.
    told = fingerprint(TOOL.name, TOOL.version, file.size, file.crc32c or file.generation)
    path = _path(group, target, slot, (means.category, means.ext), told)
    name = work_id(target.owner, group.user, group.brand, group.id)
    return Place(path, name, f"{target.url}{file.key}")


def _path(group: Group, target: Target, slot: str, category_ext: tuple[str, str], told: str) -> str:
    category, ext = category_ext
    name = work_id(target.owner, group.user, group.brand, group.id)
    return build(ObjectName(target.owner, target.brand, category, name, slot, told, ext))


def _absent(group: Group, target: Target, slot: str) -> Artifact:
    category, ext, media_type = _ABSENT.get(slot, _ABSENT_POST)
    told = fingerprint(TOOL.name, TOOL.version, "absent")
    path = _path(group, target, slot, (category, ext), told)
    return Artifact(slot=slot, path=path, check=Check(media_type=media_type))


def _step(artifact: Artifact, came_from: str, state: str) -> Step:
    return Step(
        name=artifact.slot,
        tool=TOOL.name,
        makes=(artifact,),
        params={"from": came_from, "state": state},
        patience_s=TOOL.patience_s,
        tries=1,
    )


def _bad(target: Target, piece: Piece, why: str) -> Json:
    return {"object": f"{target.url}{piece.file.key}", "why": why}
