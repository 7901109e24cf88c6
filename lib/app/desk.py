"""The tools of the desk: write proposals, examine them, commission works; and adopted files.

Each is run by ``perform`` like any media tool: it reads files, writes files, and is done when
its artifact is in the bucket. Commissioning creates works with deterministic ids, create-only,
so running it twice is a no-op.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from lib.app.case import WORKS, Case, walk
from lib.app.examine import examine
from lib.app.intake import Wish, ensure
from lib.app.studio import Studio
from lib.core.errors import ToolFailed
from lib.core.proposals import Brief, Draft, Past, Proposal, Proposals
from lib.core.recipes.burst import BurstSpec
from lib.core.recipes.pictures import TEMPLATES
from lib.core.work import Json
from lib.ports import Query, ToolCall

#: Nothing is said twice within this many seconds (30 days).
MEMORY_S = 30 * 86_400.0

DeskTool = Callable[[Studio, Case, ToolCall], None]
Document = TypeVar("Document", bound=BaseModel)


class _Drafts(BaseModel):
    """What ``propose`` seals for ``examine``."""

    entries: tuple[Json, ...]
    shortfalls: tuple[str, ...]


def propose(studio: Studio, case: Case, call: ToolCall) -> None:
    """Write ``drafts``: what the writer proposes for each brand, and what it fell short of."""
    wanted = BurstSpec.model_validate(call.params)
    entries: list[Json] = []
    shortfalls: list[str] = []
    for slug in wanted.brands:
        kit = studio.brands.get(slug)
        posts = kit.daily.posts if wanted.posts is None else wanted.posts
        reels = kit.daily.reels if wanted.reels is None else wanted.reels
        past = tuple(history(studio, case, slug))
        brief = Brief(kit=kit, posts=posts, reels=reels, history=past, seed=case.work.id)
        drafts = studio.text.write(brief)
        entries += [draft.model_dump(mode="json") for draft in drafts]
        if len(drafts) < posts + reels:
            shortfalls.append(
                f"{slug}: {len(drafts)} of {posts + reels} drafts; the fact sheet holds nothing"
                " else that was not said in the last 30 days"
            )
    if not entries:
        raise ToolFailed("propose", "; ".join(shortfalls), permanent=True)
    _write(call.makes["drafts"], {"entries": entries, "shortfalls": shortfalls})


def examine_drafts(studio: Studio, case: Case, call: ToolCall) -> None:
    """Write ``proposals``: every draft with the examiner's verdict, sealed."""
    drafts = _read(call, "drafts", _Drafts)
    past: dict[str, list[Past]] = {}
    entries: list[Proposal] = []
    for number, raw in enumerate(drafts.entries, start=1):
        try:
            draft = Draft.model_validate(raw)
        except ValidationError as error:
            raise ToolFailed("examine", f"draft {number} is no draft: {error}") from error
        said = past.setdefault(draft.brand, list(history(studio, case, draft.brand)))
        verdict = examine(draft, studio.brands.get(draft.brand), tuple(said))
        entries.append(Proposal(number=number, agent="writer", draft=draft, verdict=verdict))
        if verdict.accepted:
            said.append(_past(draft))
    sealed = Proposals(burst=case.work.id, entries=tuple(entries), shortfalls=drafts.shortfalls)
    if not sealed.accepted():
        reasons = sorted({reason for entry in entries for reason in entry.verdict.reasons})
        raise ToolFailed("examine", f"no draft was accepted: {'; '.join(reasons)}")
    _write(call.makes["proposals"], sealed.model_dump(mode="json"))


def commission(studio: Studio, case: Case, call: ToolCall) -> None:
    """Create one work for each accepted proposal, then write the receipt that names them."""
    sealed = _read(call, "proposals", Proposals)
    burst = case.work
    created = []
    used: Counter[tuple[str, str]] = Counter()
    for entry in sealed.accepted():
        draft = _dressed(studio, burst.id, entry.draft, used)
        wish = Wish(
            id=f"{burst.id}-{draft.brand}-{entry.number}",
            owner=burst.owner,
            actor="maestro",
            brand=draft.brand,
            kind=draft.format,
            title=draft.title,
            spec=draft.model_dump(mode="json"),
            parent=burst.id,
        )
        created.append(ensure(studio, wish))
    _write(call.makes["commissioned"], {"burst": burst.id, "entries": created})


def _dressed(studio: Studio, burst: str, draft: Draft, used: Counter[tuple[str, str]]) -> Draft:
    """Return a draft with the brand's next template, so that a burst does not repeat itself.

    It follows from the burst's id and the sealed order, and the work keeps it through edits.
    """
    kind = TEMPLATES[draft.format]
    names = studio.brands.get(draft.brand).in_turn(kind, f"{burst}/{draft.brand}")
    if draft.template or not names:
        return draft
    number = used[draft.brand, kind]
    used[draft.brand, kind] += 1
    return draft.model_copy(update={"template": names[number % len(names)]})


def adopted(studio: Studio, case: Case, call: ToolCall) -> None:
    """Say what to do about a file that ``migrate`` brought, for nothing here can make it again."""
    del studio
    slot = ", ".join(call.makes)
    came_from, state = call.params["from"], call.params["state"]
    words = {
        "absent": f"{came_from} has no {slot} of this work; put it there",
        "damaged": f"{came_from} cannot be decoded; mend it there",
    }
    found = words.get(state, f"this file came from {came_from}, and nothing here can make it")
    raise ToolFailed("adopted", f"{found}; {case.work.spec['again']} brings it")


#: By the name in ``lib/core/tools.py``.
TOOLS: dict[str, DeskTool] = {
    "propose": propose,
    "examine": examine_drafts,
    "commission": commission,
    "adopted": adopted,
}


def history(studio: Studio, case: Case, brand: str) -> list[Past]:
    """Return what the brand said in the last 30 days in other bursts, oldest first."""
    since = studio.clock.now() - MEMORY_S
    query = Query(
        WORKS, {"owner": case.work.owner, "brand": brand}, order_by="created_at", descending=True
    )
    past: list[Past] = []
    for record in walk(studio, query):
        if record.data["created_at"] < since:
            break
        work = record.data["work"]
        # What cannot be read says nothing, and keeps nobody else from being written.
        with contextlib.suppress(ValidationError, KeyError, TypeError):
            if "format" in work["spec"] and work["parent"] != case.work.id:
                past.append(_past(Draft.model_validate(work["spec"])))
    return past[::-1]


def _past(draft: Draft) -> Past:
    return Past(brand=draft.brand, format=draft.format, title=draft.title, facts=draft.facts)


def _read(call: ToolCall, slot: str, model: type[Document]) -> Document:
    """Return a sealed document. Raises ToolFailed for one that a person wrote in its place."""
    try:
        return model.model_validate_json(call.needs[slot].read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        words = f"{slot} is not as it was sealed ({where}: {first['msg']}); delete that object"
        raise ToolFailed(call.tool, f"{words}, and it is made again") from error


def _write(file: Path, document: Json) -> None:
    file.write_text(json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1))
