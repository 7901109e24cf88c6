"""What people and schedules ask for, turned into works: create, retry, revise, archive.

Ids are deterministic where a call may be doubled; creating twice is a no-op. Everything is
validated here, before anything is stored, with an error that says what to do.
"""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from lib.app.case import Case, Fields, load, load_own
from lib.app.settle import amend, begin, settle
from lib.app.studio import Studio
from lib.core.brand import RESERVED
from lib.core.errors import Conflict, NotFound, Refused
from lib.core.recipes import plan_for
from lib.core.recipes.burst import KIND, BurstSpec
from lib.core.recipes.order import Order
from lib.core.work import Json, Work

#: A key is good for its day (UTC), and this many seconds into the next one: clients ask again
#: within minutes, and a job of every day asks at the same hour.
REPEAT_S = 3600.0
#: Stands for the brand in works of no single brand.
STUDIO = RESERVED[0]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for; ``id`` makes asking twice harmless."""

    id: str
    owner: str
    actor: str
    brand: str
    kind: str
    spec: Json
    title: str = ""
    parent: str | None = None


def create(studio: Studio, wish: Wish) -> Work:
    """Store a work and return it; the work that is there already when the id is taken.

    Raises Refused when the kind, the brand or the spec is wrong, NotFound for a brand that
    has no kit.
    """
    work = _work_of(studio, wish)
    try:
        begin(studio, work)
    except Conflict:
        return load_own(studio, wish.owner, work.id).work
    return work


def ensure(studio: Studio, wish: Wish) -> str:
    """Store a work unless its id is taken, and return the id; what is there is not looked at.

    Raises as ``create`` does.
    """
    with contextlib.suppress(Conflict):
        begin(studio, _work_of(studio, wish))
    return wish.id


def _work_of(studio: Studio, wish: Wish) -> Work:
    kit = None if wish.brand in RESERVED else studio.brands.get(wish.brand)
    order = Order(wish.owner, wish.brand, wish.id, wish.spec, kit)
    try:
        return Work(
            id=wish.id,
            owner=wish.owner,
            actor=wish.actor,
            brand=wish.brand,
            kind=wish.kind,
            title=wish.title,
            spec=wish.spec,
            plan=plan_for(wish.kind, order),
            parent=wish.parent,
            created_at=studio.clock.now(),
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(f"{first['loc'][0]}: {first['msg']}", hint="mend the request") from error


def create_burst(studio: Studio, owner: str, actor: str, spec: Json, key: str = "") -> Work:
    """Start a burst and return its work. ``key`` makes a repeated request the same burst.

    Raises Refused for a wrong spec or an unknown or broken brand.
    """
    try:
        wanted = BurstSpec.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Refused(f"{where}: {first['msg']}", hint=f"mend {where}") from error
    if len(set(wanted.brands)) != len(wanted.brands):
        raise Refused("brands: a brand is named twice", hint="name each brand once")
    pieces = 0
    for slug in wanted.brands:
        try:
            kit = studio.brands.get(slug)
        except NotFound as error:
            known = ", ".join(studio.brands.slugs())
            raise Refused(f"there is no brand {slug!r}", hint=f"choose from {known}") from error
        pieces += kit.daily.posts if wanted.posts is None else wanted.posts
        pieces += kit.daily.reels if wanted.reels is None else wanted.reels
    if pieces == 0:
        raise Refused("a burst of nothing", hint="ask for at least one post or reel")
    now = studio.clock.now()
    before = _burst_id(now - REPEAT_S, key)
    asked = load(studio, before) if key and before != _burst_id(now, key) else None
    if asked and asked.work.owner == owner and now - asked.work.created_at < REPEAT_S:
        return asked.work  # before midnight, and now once more
    wish = Wish(
        id=_burst_id(now, key or secrets.token_hex(4)),
        owner=owner,
        actor=actor,
        brand=STUDIO,
        kind=KIND,
        title=f"{wanted.kind.capitalize()} burst",
        spec=wanted.model_dump(mode="json"),
    )
    return create(studio, wish)


def _burst_id(now: float, key: str) -> str:
    return f"b-{datetime.fromtimestamp(now, UTC):%Y%m%d}-{key}"


def retry(studio: Studio, owner: str, work_id: str, step: str, actor: str) -> Case:
    """Pardon the attempts of a step so far, and set it going; what is made is kept.

    Raises NotFound for an unknown work, Refused for an unknown step or one that is at work.
    """
    case = load_own(studio, owner, work_id)
    found = case.work.plan.step(step)
    if found is None:
        names = ", ".join(s.name for s in case.work.plan.steps)
        raise Refused(f"{work_id} has no step {step!r}", hint=f"choose one of {names}")
    if case.summary.get("stages", {}).get(step) not in ("failed", "unsure"):
        stage = case.summary.get("stages", {}).get(step, "unknown")
        raise Refused(
            f"step {step} is {stage}, so there is nothing to retry",
            hint="only a step that failed or is unsure can be retried",
        )
    after = max((a.number for a in case.attempts if a.step == step), default=0)
    pardon = {"after": after, "at": studio.clock.now(), "actor": actor}
    amend(studio, work_id, {("pardons", step): pardon})
    return load_own(studio, owner, work_id)


def archive(studio: Studio, owner: str, work_id: str) -> None:
    """Put a work away: a tombstone stays, so that nothing makes it again. Raises NotFound."""
    case = load_own(studio, owner, work_id)
    if case.work.archived_at is None:
        amend(studio, work_id, {("work", "archived_at"): studio.clock.now()})
    else:
        settle(studio, work_id)


def revise(studio: Studio, owner: str, work_id: str, spec: Json, title: str | None = None) -> Work:
    """Give a work a new spec as its next revision; artifacts it leaves unchanged are kept.

    Raises NotFound, Refused for a wrong spec, Conflict when somebody else wrote it meanwhile.
    """
    case = load_own(studio, owner, work_id)
    work = case.work
    kit = None if work.brand in RESERVED else studio.brands.get(work.brand)
    plan = plan_for(work.kind, Order(work.owner, work.brand, work.id, spec, kit))
    new = work.model_copy(
        update={
            "spec": spec,
            "plan": plan,
            "revision": work.revision + 1,
            "title": work.title if title is None else title,
        }
    )
    fields: Fields = {("work",): new.model_dump(mode="json"), ("pardons",): {}}
    amend(studio, work_id, fields, version=case.version)
    return new
