"""Bugs to plant in the studio, each of which the simulator must find.

Every fault of the seeds and of the simulator's own beginnings is here as an edit of the source.
When a change of the studio moves the text that is replaced, mend the bug here with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.planting import Edit


@dataclass(frozen=True, slots=True)
class Bug:
    """One planted bug: its name, and what is replaced."""

    name: str
    edits: tuple[Edit, ...]


def bug(name: str, module: str, old: str, new: str) -> Bug:
    """Return a bug of a single edit."""
    return Bug(name, ((f"lib.{module}", old, new),))


BUGS = (
    # --- the record says what is not so ---
    bug(
        "done is read off the ledger",
        "core.status",
        "done=sum(slot in present for slot in kept),",
        "done=sum(slot in present or any(t.outcome is Outcome.OK for s in plan.steps"
        " for a in s.makes if a.slot == slot for t in ledger[s.name]) for slot in kept),",
    ),
    bug(
        "ready is never taken back: what was seen once is believed for ever",
        "app.observe",
        "    info = studio.objects.stat(artifact.path)\n    if info is None:\n        return None\n"
        "    if memory is not None and _is_of(memory, info):",
        "    info = studio.objects.stat(artifact.path)\n"
        "    if memory is not None and memory.get('path') == artifact.path:\n"
        "        return Sighting.model_validate(memory)\n"
        "    if info is None:\n        return None\n"
        "    if memory is not None and _is_of(memory, info):",
    ),
    bug(
        "a bucket that could not be looked at is an empty one",
        "app.observe",
        "    info = studio.objects.stat(artifact.path)\n    if info is None:\n        return None\n"
        "    if memory",
        "    try:\n        info = studio.objects.stat(artifact.path)\n"
        "    except Exception:\n        info = None\n    if info is None:\n        return None\n"
        "    if memory",
    ),
    bug(
        "what is said of an object is believed whatever its bytes are",
        "app.observe",
        "if info.metadata.get(FACTS_OF) == info.crc32c:",
        "if FACTS_OF in info.metadata:",
    ),
    bug(
        "an original goes though its copy has other bytes",
        "app.storage.quarantine",
        "    if copy is None or (copy.size, copy.crc32c) != (info.size, info.crc32c):",
        "    if copy is None:",
    ),
    bug(
        "an object of zero bytes is as good as any",
        "core.status",
        "return sighting is not None and sighting.valid and sighting.size > 0",
        "return sighting is not None and (sighting.valid or sighting.size == 0)",
    ),
    bug(
        "what a tool made is put without a look",
        "app.make",
        '    if wrong:\n        raise ToolFailed(step.tool, f"made a bad',
        '    if False:\n        raise ToolFailed(step.tool, f"made a bad',
    ),
    bug(
        "a failed upload is swallowed and called done",
        "app.perform",
        "    except Exception as error:  # noqa: BLE001",
        "    except Unavailable:\n        pass\n    except Exception as error:  # noqa: BLE001",
    ),
    bug(
        "a change of phase is told to nobody",
        "app.settle",
        "                beside=news(case, decided.summary, studio.clock.now(), correcting=correcting),\n"
        "                # What",
        "                # What",
    ),
    # --- the ledger ---
    bug(
        "the record is written blindly",
        "app.settle",
        "                decided.changes,\n                version=case.version,",
        "                decided.changes,",
    ),
    bug(
        "an attempt is begun blindly",
        "app.perform",
        "record_path(case.work.id), fields, version=current.version, durable=durable",
        "record_path(case.work.id), fields, durable=durable",
    ),
    bug(
        "an attempt that is at work is begun again",
        "app.perform",
        '    if attempt.started_at is not None:\n        return "the attempt is at work elsewhere"\n',
        "",
    ),
    bug(
        "the end of an attempt is written though it was given up",
        "app.settle",
        "closed = [ended] if ended is not None and case.is_open(ended) else []",
        "closed = [ended] if ended is not None else []",
    ),
    bug(
        "the end is written blindly when the bucket is away",
        "app.settle",
        "        if case is None or not case.is_open(ended):\n            return",
        "        if case is None:\n            return",
    ),
    bug(
        "a task is stored before its attempt is claimed",
        "app.settle",
        "    work = case.work\n    if decided.changes:\n",
        "    work = case.work\n    for action in decided.actions:\n"
        "        _carry_out(studio, work, action)\n    if decided.changes:\n",
    ),
    bug(
        "what is put away is made all the same",
        "app.judgement",
        "actions = () if archived else decide(work.plan, found)",
        "actions = decide(work.plan, found)",
    ),
    # --- stuck ---
    Bug(
        "a step that went silent counts as busy for ever",
        (
            (
                "lib.core.status",
                "    due_at = attempt.started_at + step.patience_s\n    if now < due_at:",
                "    due_at = attempt.started_at + step.patience_s\n    if True:",
            ),
            (
                "lib.core.status",
                "silent=tuple(a for a in unclosed if a.ended_at is not None and",
                "silent=tuple(a for a in unclosed if a.ended_at is None and",
            ),
        ),
    ),
    bug(
        "a silent attempt is never closed",
        "core.status",
        "silent=tuple(a for a in unclosed if a.ended_at is not None and a.ended_at <= now),",
        "silent=(),",
    ),
    bug(
        "a lost task is never sent again",
        "core.decide",
        "or (state.stage is Stage.RUNNING and state.nudge > 0)",
        "or (state.stage is Stage.RUNNING and state.nudge > 99)",
    ),
    bug(
        "a reminder has the name of the task that was lost",
        "app.settle",
        "fingerprint(work.id, work.revision, action.step, action.number, action.nudge)",
        "fingerprint(work.id, work.revision, action.step, action.number)",
    ),
    bug(
        "the next attempt has the name of the last one's task",
        "app.settle",
        "fingerprint(work.id, work.revision, action.step, action.number, action.nudge)",
        "fingerprint(work.id, work.revision, action.step, action.nudge)",
    ),
    bug(
        "the next revision has the names of the last one's tasks",
        "app.settle",
        "fingerprint(work.id, work.revision, action.step, action.number, action.nudge)",
        "fingerprint(work.id, action.step, action.number, action.nudge)",
    ),
    bug(
        "nobody remembers when to look again",
        "app.judgement",
        "    if due_at != case.due_at:\n",
        "    if False:\n",
    ),
    bug(
        "one work that cannot be settled stops the tick",
        "app.audit.run",
        '        report.unreachable.append(f"{work_id}: {error}")\n        return False\n',
        "        raise\n",
    ),
    bug(
        "nothing is ever audited",
        "app.sweep",
        "    if not audit_slice(studio, report, passed):\n",
        "    if not passed:\n",
    ),
    bug(
        "the audit believes a memory whatever is listed",
        "app.observe",
        "    sightings: dict[str, Sighting] = {}\n    for artifact in artifacts:\n"
        "        info, memory = listed.get(",
        "    sightings: dict[str, Sighting] = {}\n    return remembered(artifacts, measured)\n"
        "    for artifact in artifacts:\n        info, memory = listed.get(",
    ),
    bug(
        "every work is certified",
        "app.audit.certificate",
        "            return self._cover(record, objects)",
        "            return True",
    ),
    bug(
        "attempts at what nobody wants any more are forgotten",
        "app.case",
        "        former=tuple(former),",
        "        former=(),",
    ),
    bug(
        "what a person changes is written blindly",
        "app.settle",
        "                {**fields, **decided.changes},\n                version=record.version,",
        "                {**fields, **decided.changes},",
    ),
    bug(
        "a record that nobody can read stops a whole machine",
        "app.case",
        '        except Unavailable as error:\n            note("record_unreadable"',
        '        except ZeroDivisionError as error:\n            note("record_unreadable"',
    ),
    # --- what is deleted ---
    bug(
        "a raw file is deleted before what is made of it is there",
        "core.status",
        "        and artifact.slot not in busy\n",
        "",
    ),
    bug(
        "a raw file is never deleted",
        "core.decide",
        "    actions += [Discard(sighting) for sighting in assessment.spent]\n",
        "",
    ),
    bug(
        "a file that a person put in a raw one's place is deleted",
        "core.status",
        "        and sightings[artifact.path].ours\n",
        "",
    ),
    bug(
        "whatever is there now is deleted",
        "app.settle",
        "        if studio.objects.delete(gone.path, generation=gone.generation):",
        "        now = studio.objects.stat(gone.path)\n"
        "        if now and studio.objects.delete(gone.path, generation=now.generation):",
    ),
    bug(
        "good bytes are written over",
        "app.perform",
        "    missing = [(a, sightings.get(a.path)) for a in step.makes if a.slot in wanted]",
        "    missing = [(a, sightings.get(a.path)) for a in step.makes] if wanted else []",
    ),
    bug(
        "what a revision left behind is deleted at once",
        "app.storage.verdict",
        "    return Removal(info, cls, Act.QUARANTINE, why, guarded=True)\n\n\ndef _planned(",
        "    return Removal(info, cls, Act.DELETE, why, guarded=True)\n\n\ndef _planned(",
    ),
    bug(
        "raw files of an older revision stay for ever",
        "app.storage.verdict",
        "        return Removal(info, cls, Act.DELETE, why)\n    if evidence.sightings",
        "        return None\n    if evidence.sightings",
    ),
    bug(
        "what a person put is moved out of the way",
        "app.storage.provenance",
        "    told = info.metadata\n    if told.get(CAME_FROM):",
        "    told = info.metadata\n    return ''\n    if told.get(CAME_FROM):",
    ),
    # --- effects ---
    bug(
        "an effect whose end is unknown is repeated",
        "core.status",
        "return any(a.outcome not in (Outcome.FAILED, Outcome.AWAY) for a in counted)",
        "return any(a.outcome is Outcome.OK for a in counted)",
    ),
    bug(
        "an effect that broke off is said to have failed",
        "app.perform",
        '            end |= {"outcome": Outcome.LOST, "permanent": False}\n',
        '            end |= {"outcome": Outcome.AWAY, "permanent": False}\n',
    ),
    bug(
        "a dead worker's effect is said to have failed",
        "app.recovery",
        "known = outcome if step is None or not step.effect else Outcome.LOST",
        "known = outcome",
    ),
    bug(
        "a silent effect is said to have failed",
        "core.status",
        "    if step.effect or not wanted:\n",
        "    if not wanted:\n",
    ),
    # --- bursts ---
    bug(
        "a burst that is commissioned again stumbles over its own works",
        "app.intake",
        "    with contextlib.suppress(Conflict):\n        begin(",
        "    if True:\n        begin(",
    ),
    bug(
        "a burst that is commissioned again makes other works",
        "app.desk",
        'id=f"{burst.id}-{draft.brand}-{entry.number}",',
        'id=f"{burst.id}-{draft.brand}-{entry.number}-{len(case.attempts)}",',
    ),
    bug(
        "a child belongs to the machine that ordered it",
        "app.desk",
        '            owner=burst.owner,\n            actor="maestro",',
        '            owner="maestro",\n            actor="maestro",',
    ),
    bug(
        "a burst is complete although a work of it stopped",
        "core.rollup",
        "    if totals.ready + totals.by_phase.get(Phase.ARCHIVED, 0) == totals.works:",
        "    if totals.ready:",
    ),
    # --- two versions ---
    bug(
        "what a newer version wrote is read as if it were ours",
        "core.work",
        'model_config = ConfigDict(frozen=True, extra="forbid")',
        'model_config = ConfigDict(frozen=True, extra="ignore")',
    ),
)
