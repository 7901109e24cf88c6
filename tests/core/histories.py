"""A small world around the kernel: workers that crash, queues that double, people that delete.

One seed gives one history. The world keeps its own truth (an object is good because of who
wrote it) and its own rules in other words than the kernel's, and holds every judgement against
both. First faults rage, then they stop, and the work must come to an end by its ``due_at``
alone: in the quiet phase no event arrives. Used by ``test_histories`` and, over a kernel with
a planted bug, by ``test_planted_bugs``.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from lib.core.checks import faults
from lib.core.decide import Ask, Close, Discard, Run, decide
from lib.core.rollup import SETTLED, Phase, phase
from lib.core.status import BACKOFF_S, VANISH_TRIES, Assessment, Stage, assess
from lib.core.work import Artifact, Attempt, Keep, Outcome, Plan, Sighting, Step
from tests.core.plans import T0, good_facts

#: Turns in which everything may go wrong.
CHAOS_TURNS = 60
#: Looks that a work may need, once nothing goes wrong any more, to come to its end.
QUIET_LOOKS = 400


@dataclass(slots=True)
class Stored:
    """An object with the truth about it."""

    generation: int
    size: int
    facts: dict[str, object]
    good: bool


@dataclass(slots=True)
class Rates:
    """How often each fault strikes in this history; each history has its own mixture."""

    crash: float
    partial: float
    empty: float
    junk: float
    fail: float
    unclosed: float
    lost_task: float
    doubled: float
    lost_event: float
    person: float


@dataclass(slots=True)
class World:
    """A bucket, a ledger, a queue, workers and a platform, with a clock that jumps."""

    plan: Plan
    chance: random.Random
    rates: Rates
    now: float = T0
    bucket: dict[str, Stored] = field(default_factory=dict)
    ledger: dict[tuple[str, int], Attempt] = field(default_factory=dict)
    queue: list[tuple[str, int]] = field(default_factory=list)
    names: set[tuple[str, int, int]] = field(default_factory=set)
    working: list[tuple[str, int]] = field(default_factory=list)
    due_at: float | None = T0
    generation: int = 0
    chaos: bool = True
    #: Effects that reached the platform, and the pardons that people gave, by step.
    sent: Counter[str] = field(default_factory=Counter)
    pardons: Counter[str] = field(default_factory=Counter)
    #: What happened, so that a campaign can be asked whether it reached everything.
    seen: Counter[str] = field(default_factory=Counter)

    # --- the truth -----------------------------------------------------------------------

    def good(self, artifact: Artifact) -> bool:
        """Tell whether a good object is there, by who wrote it."""
        stored = self.bucket.get(artifact.path)
        return stored is not None and stored.good

    def complete(self) -> bool:
        """Tell whether every kept artifact is there and good."""
        return all(self.good(a) for a in self.plan.artifacts() if a.keep is not Keep.RAW)

    def needed(self, slot: str) -> bool:
        """Tell whether somebody still needs a raw slot, looking forward from it."""
        for step in self.plan.steps:
            if slot not in step.needs:
                continue
            for artifact in step.makes:
                absent = not self.good(artifact)
                if absent and (artifact.keep is not Keep.RAW or self.needed(artifact.slot)):
                    return True
        return False

    # --- what the studio does ------------------------------------------------------------

    def observe(self) -> Assessment:
        """Look at everything, judge it, and hold the judgement against the truth."""
        checks = {a.path: a.check for a in self.plan.artifacts()}
        sightings = {
            path: Sighting(
                path=path,
                generation=stored.generation,
                size=stored.size,
                crc32c="AAAAAA==",
                updated_at=self.now,
                facts=stored.facts,
                invalid=faults(checks[path], stored.size, stored.facts),
            )
            for path, stored in self.bucket.items()
        }
        attempts = list(self.ledger.values())
        found = assess(self.plan, sightings, attempts, self.now)
        self.chance.shuffle(attempts)
        assert assess(self.plan, sightings, attempts, self.now) == found, "not determined"
        word = phase(found)
        assert found.complete == self.complete(), "complete is not the truth"
        assert (word is Phase.READY) == self.complete(), "ready is not the truth"
        stopped = word in SETTLED and found.due_at is None
        assert found.complete or found.due_at is not None or (stopped and found.reasons), "stuck"
        assert word in SETTLED or found.due_at is not None, "moves by itself, yet never due"
        for step in self.plan.steps:
            state = found.steps[step.name]
            assert not state.missing or not self.busy(step) or state.stage is Stage.RUNNING, "busy"
        self.seen[word] += 1
        return found

    def busy(self, step: Step) -> bool:
        """Tell whether somebody is at a step: its latest attempt is open and not overdue."""
        mine = [a for (name, _), a in self.ledger.items() if name == step.name]
        last = max(mine, key=_number, default=None)
        if last is None or last.ended_at is not None or last.pardoned:
            return False
        return last.started_at is None or self.now < last.started_at + step.patience_s

    def settle(self) -> None:
        """Observe, write claims and the due instant at once, then act; the acts may get lost."""
        found = self.observe()
        for action in decide(self.plan, found):
            if isinstance(action, Run):
                self.claim(action)
            elif isinstance(action, Discard):
                self.discard(action.sighting)
            elif isinstance(action, Close):
                silent, step = action.attempt, self.plan.step(action.attempt.step)
                assert step is not None
                assert self.now >= (silent.started_at or self.now) + step.patience_s, "impatient"
                failed = bool(found.steps[step.name].missing) and not step.effect
                end = Outcome.FAILED if failed else Outcome.LOST
                assert silent.outcome is end, "an end that nobody can know"
                self.close(step.name, silent.number, end)
            elif isinstance(action, Ask):
                self.seen["asked"] += 1
        self.due_at = self.observe().due_at

    def claim(self, run: Run) -> None:
        """Write a new attempt, or remind of one; then hand it to the queue, which may lose it."""
        step = self.plan.step(run.step)
        assert step is not None
        if run.nudge == 0:
            self.may_run(step, run)
            self.ledger[run.step, run.number] = Attempt(
                step=run.step, number=run.number, enqueued_at=self.now
            )
        name = (run.step, run.number, run.nudge)
        if name in self.names:
            return  # the queue knows this name already
        self.names.add(name)
        if self.strikes(self.rates.lost_task):
            self.seen["task lost"] += 1
            return
        self.queue += [(run.step, run.number)] * (1 + self.strikes(self.rates.doubled))

    def may_run(self, step: Step, run: Run) -> None:
        """Refuse a Run that no honest reading of the evidence allows."""
        mine = sorted((a for (s, _), a in self.ledger.items() if s == step.name), key=_number)
        counted = [a for a in mine if not a.pardoned and a.started_at is not None]
        slots = {a.slot: a for a in self.plan.artifacts()}
        assert (run.step, run.number) not in self.ledger, "a number was used twice"
        assert all(self.good(slots[need]) for need in step.needs), "run without what it needs"
        assert not all(self.good(a) for a in step.makes), "run although everything is there"
        assert self.now >= (step.not_before or 0.0), "run before its time"
        assert not self.busy(step), "a second attempt beside one that is queued or at work"
        assert not (counted and counted[-1].permanent), "tried again what fails for certain"
        rest = [a for a in counted if a.outcome not in (Outcome.LOST, Outcome.AWAY)]
        if counted and counted[-1].outcome is Outcome.AWAY:
            assert self.now >= (counted[-1].ended_at or 0.0) + BACKOFF_S, (
                "no pause for what is away"
            )
        oks = [a.number for a in rest if a.outcome is Outcome.OK]
        assert len(oks) < VANISH_TRIES, "feeds whoever deletes"
        assert sum(a.number > max(oks, default=0) for a in rest) < step.tries, "too many tries"
        if step.effect:
            unsent = (Outcome.FAILED, Outcome.AWAY)
            assert all(a.outcome in unsent for a in counted), "effect repeated blindly"

    def discard(self, sighting: Sighting) -> None:
        """Delete one generation, if nobody needs it."""
        artifact = next(a for a in self.plan.artifacts() if a.path == sighting.path)
        assert artifact.keep is Keep.RAW, "only raw files may be discarded"
        assert not self.needed(artifact.slot), "discarded while its consumer is not finished"
        if self.bucket[sighting.path].generation == sighting.generation:
            del self.bucket[sighting.path]
            self.seen["discarded"] += 1

    # --- workers -------------------------------------------------------------------------

    def deliver(self) -> None:
        """Hand over one task; start its attempt unless it is over, at work or superseded."""
        name, number = self.queue.pop(self.chance.randrange(len(self.queue)))
        attempt = self.ledger[name, number]
        latest = max(n for (s, n) in self.ledger if s == name)
        if attempt.started_at is not None or number < latest:
            self.seen["dropped"] += 1
            return
        self.ledger[name, number] = attempt.model_copy(update={"started_at": self.now})
        if self.strikes(self.rates.crash / 2):
            self.seen["crashed at once"] += 1
        else:
            self.working.append((name, number))

    def finish(self) -> None:
        """End one worker, perhaps long after it was given up: crash, fail, or write and close."""
        name, number = self.working.pop(self.chance.randrange(len(self.working)))
        step = self.plan.step(name)
        assert step is not None
        if self.strikes(self.rates.fail):
            permanent = self.chance.random() < 0.2
            self.close(name, number, Outcome.FAILED, permanent=permanent)
            return
        if self.strikes(self.rates.fail):
            self.close(name, number, Outcome.AWAY)
            return
        if step.effect:
            self.sent[name] += 1
            assert self.sent[name] <= 1 + self.forgiven(name), "sent twice without being asked"
        if self.strikes(self.rates.crash):
            if self.chance.random() < 0.5:  # an executor that is known to be dead is closed
                self.close(name, number, Outcome.LOST)
            return
        for artifact in step.makes:
            if not self.good(artifact) and not self.strikes(self.rates.partial):
                self.put(artifact)
        if not self.strikes(self.rates.unclosed):
            self.close(name, number, Outcome.OK)

    def close(self, name: str, number: int, outcome: Outcome, *, permanent: bool = False) -> None:
        """Write the end of an attempt."""
        message = "it broke" if outcome is Outcome.FAILED else ""
        end = {"ended_at": self.now, "outcome": outcome, "message": message, "permanent": permanent}
        self.ledger[name, number] = self.ledger[name, number].model_copy(update=end)
        self.seen[outcome] += 1

    def put(self, artifact: Artifact, *, by_person: bool = False) -> None:
        """Write an object; in the chaos it may be empty or junk."""
        self.generation += 1
        facts: dict[str, object] = dict(good_facts(artifact.check))
        kind = "good"
        if self.strikes(self.rates.empty):
            kind, facts = "empty", {}
        elif self.strikes(self.rates.junk) or (by_person and self.chance.random() < 0.7):
            kind, facts = (
                "junk",
                self.chance.choice([{"unreadable": "junk"}, {"media_type": "x/y"}]),
            )
        self.seen[kind] += 1
        size = 0 if kind == "empty" else 5000
        self.bucket[artifact.path] = Stored(self.generation, size, facts, kind == "good")

    # --- people and chance ---------------------------------------------------------------

    def strikes(self, rate: float) -> bool:
        """Tell whether a fault strikes now; never when the chaos is over."""
        return self.chaos and self.chance.random() < rate

    def interfere(self) -> None:
        """Let a person delete or overwrite an object, or ask for another try of what stopped."""
        deed = self.chance.choice(["delete", "delete", "overwrite", "retry"])
        if deed == "delete" and self.bucket:
            del self.bucket[self.chance.choice(sorted(self.bucket))]
        elif deed == "overwrite" and self.bucket:
            path = self.chance.choice(sorted(self.bucket))
            artifact = next(a for a in self.plan.artifacts() if a.path == path)
            self.put(artifact, by_person=True)
        elif deed == "retry":
            stages = self.observe().stages
            stopped = [n for n, s in stages.items() if s in (Stage.FAILED, Stage.UNSURE)]
            for name in stopped[:1]:
                self.pardon(name)
        self.seen[deed] += 1

    def pardon(self, name: str) -> None:
        """Forgive every attempt of a step so far."""
        for key, attempt in self.ledger.items():
            if key[0] == name:
                self.ledger[key] = attempt.model_copy(update={"pardoned": True})
        self.pardons[name] += 1
        self.settle()

    def forgiven(self, name: str) -> int:
        """Count the attempts that may have sent an effect and that a person forgave."""
        mine = [a for (s, _), a in self.ledger.items() if s == name and a.started_at is not None]
        return sum(a.pardoned and a.outcome is not Outcome.FAILED for a in mine)


def _number(attempt: Attempt) -> int:
    return attempt.number


def rates(chance: random.Random) -> Rates:
    """Return a mixture of faults: each is off, rare or frequent in a history."""
    names = Rates.__dataclass_fields__
    return Rates(**{name: chance.choice([0.0, 0.05, 0.25, 0.5]) for name in names})


def run_history(plan: Plan, seed: int, *, calm: bool = False) -> World:
    """Run one history to its end and return the world; ``calm`` is one without any fault.

    Raises AssertionError for a judgement that lies or a work that comes to no end.
    """
    chance = random.Random(seed)
    world = World(plan, chance, rates(chance), chaos=not calm)
    for _ in range(CHAOS_TURNS):
        _turn(world)
    world.chaos = False
    world.settle()  # the audit looks once at every work
    for _ in range(QUIET_LOOKS):
        if world.due_at is None and not world.queue and not world.working:
            break
        _quiet_turn(world)
    else:
        raise AssertionError("comes to no end")
    found = world.observe()
    assert found.complete or phase(found) in SETTLED, "ended neither complete nor stopped"
    if found.complete:
        assert not any(world.bucket.get(a.path) for a in plan.artifacts() if a.keep is Keep.RAW)
    _bounded(world)
    world.seen["end: " + phase(found)] += 1
    return world


def _turn(world: World) -> None:
    chance = world.chance
    world.now += chance.choice((0.5, 7.0, 45.0, 400.0, 2400.0) if world.chaos else (0.5, 7.0, 20.0))
    event = False
    if world.queue and chance.random() < 0.7:
        world.deliver()
    if world.working and chance.random() < 0.6:
        world.finish()
        event = True
    if world.strikes(world.rates.person / 2):
        world.interfere()
        event = True
    ticked = world.due_at is not None and world.due_at <= world.now
    if ticked or (event and not world.strikes(world.rates.lost_event)):
        for _ in range(1 + world.strikes(world.rates.doubled)):
            world.settle()


def _quiet_turn(world: World) -> None:
    """Let all tasks and workers end well, then look again at ``due_at``: no event arrives."""
    while world.queue:
        world.deliver()
    while world.working:
        world.finish()
    if world.due_at is None:
        world.settle()
        return
    world.now = max(world.now + 0.5, world.due_at)
    world.settle()


def _bounded(world: World) -> None:
    """Hold the number of attempts that really ran against what tries and pardons allow."""
    for step in world.plan.steps:
        ran = [
            a
            for (name, _), a in world.ledger.items()
            if name == step.name and a.started_at is not None and a.outcome is not Outcome.LOST
        ]
        rounds = 1 + world.pardons[step.name]
        assert len(ran) <= rounds * VANISH_TRIES * step.tries, "attempts without bound"
