"""Put mutants before their gate, each in a forked process that may do as it likes.

The tests are collected once. A mutant inside a function is put into the functions that live
already; one of a module's own lines is imported with ``planting`` into a process that has
imported nothing of ours yet. No file on disk is changed.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import resource
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import hypothesis
import pytest
from _pytest.runner import runtestprotocol

from lib.settings import ROOT
from tests.mutation.gates import Gate
from tests.mutation.mutate import Mutant, source_of
from tests.planting import Planter

#: What a mutant may take beyond the time that its gate takes without one, seconds.
PATIENCE_S = 20.0
#: What a mutant may fill before it is stopped, bytes.
MEMORY = 4 << 30
#: What is said of a mutant that never came back, and of one that took its process with it.
ENDLESS, DEAD = "no end", "death"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one mutant: the test that noticed it, or an empty string."""

    mutant: Mutant
    noticed_by: str
    seconds: float


class BadGateError(Exception):
    """The gate does not pass without a mutant, so it says nothing about one."""


def in_child(work: Callable[[], str], patience_s: float) -> str:
    """Return what ``work`` returns in a process of its own, or ENDLESS or DEAD.

    Raises BadGateError when ``work`` raises: a fault of ours is not taken for a test's notice.
    """
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            answer = f"={work()}"
        except MemoryError:
            answer = f"={DEAD}"
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
            answer = f"!{type(error).__name__}: {error}"
        with os.fdopen(start, "w") as told:
            told.write(answer)  # nothing at all is what one leaves that died
        os._exit(0)
    os.close(start)
    try:
        with os.fdopen(end) as heard:
            came = select.select([heard], [], [], patience_s)[0]
            answer = heard.read() or f"={DEAD}" if came else f"={ENDLESS}"
    finally:  # also when a person stops us: a mutant may be turning for ever
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    if answer.startswith("!"):
        raise BadGateError(answer[1:])
    return answer[1:]


class Session:
    """One collection of a gate's tests, and what is run over it."""

    def __init__(self, gate: Gate, runs: Callable[[Session], None]) -> None:
        self.gate, self.runs = gate, runs
        self.items: list[pytest.Item] = []
        self.touched: dict[str, set[str]] = {}
        self.took_s: dict[str, float] = {}
        self.notices: Counter[str] = Counter()
        self.cost_s: dict[str, float] = defaultdict(float)
        self.fault = ""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run what this session is for, in the place of the tests."""
        self.items = session.items
        try:
            self.runs(self)
        except BadGateError as error:  # pytest would make an internal error of it
            self.fault = str(error)
        return True

    def ordered(self, function: str) -> list[pytest.Item]:
        """Return the tests that enter a function, those first that noticed most a second."""
        chosen = [i for i in self.items if function in self.touched.get(i.nodeid, {function})]

        def worth(item: pytest.Item) -> tuple[float, float]:
            rate = self.notices[item.nodeid] / (self.cost_s[item.nodeid] or 1.0)
            return -rate, self.took_s.get(item.nodeid, 0.0)

        return sorted(chosen, key=worth)

    def noticing(self, items: list[pytest.Item]) -> str:
        """Return the first test that fails; an empty string when all pass."""
        for item, following in zip(items, [*items[1:], None], strict=False):
            reports = runtestprotocol(item, nextitem=following, log=False)
            if any(report.failed for report in reports):
                return item.nodeid
        return _beyond(self.gate)

    def measure(self, file: str) -> None:
        """Run every test once, and learn what it takes and which functions it enters."""
        told = json.loads(in_child(lambda: self._measured(file), 600))
        if told["failed"]:
            raise BadGateError(told["failed"])
        self.took_s = told["took_s"]
        self.touched = {name: set(names) for name, names in told["touched"].items()}

    def _measured(self, file: str) -> str:
        touched: dict[str, list[str]] = {}
        took_s, failed = {}, ""
        for item, following in zip(self.items, [*self.items[1:], None], strict=False):
            entered: set[str] = set()
            began = time.monotonic()
            with _watching(file, entered):
                reports = runtestprotocol(item, nextitem=following, log=False)
            took_s[item.nodeid] = time.monotonic() - began
            touched[item.nodeid] = sorted(entered)
            failed = failed or next((r.nodeid + r.longreprtext for r in reports if r.failed), "")
        failed = failed or _beyond(self.gate)
        return json.dumps({"took_s": took_s, "touched": touched, "failed": failed})


@contextlib.contextmanager
def _watching(file: str, entered: set[str]) -> Iterator[None]:
    def called(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename == file:
            entered.add(frame.f_code.co_qualname)

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _beyond(gate: Gate) -> str:
    """Run the histories and the seeds of a gate; return what failed, or an empty string."""
    if gate.histories:
        from tests.core.histories import run_history
        from tests.core.plans import shapes

        for name, plan in shapes().items():
            for seed in range(0 if name == "clips" else gate.histories):
                try:
                    run_history(plan, seed)
                except Exception:  # noqa: BLE001 - a mutant may fail in any way
                    return f"history {seed} of {name}"
    if gate.seeds:
        from tests.simulation.run import run

        for seed in range(gate.seeds):
            try:
                violation = run(seed).violation
            except Exception:  # noqa: BLE001 - the same
                violation = "an exception"
            if violation:
                return f"seed {seed} of the simulator"
    return ""


def run_session(session: Session, folder: Path) -> None:
    """Collect the gate's tests and run what the session is for; raises BadGateError."""
    hypothesis.settings.register_profile(
        "mutation",
        database=None,
        deadline=None,
        derandomize=True,
        phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
    )
    hypothesis.settings.load_profile("mutation")
    options = ["-s", "-p", "no:cacheprovider", f"--basetemp={folder / 'tmp'}", f"--rootdir={ROOT}"]
    options += ["--assert=plain", "--tb=native"]  # nobody reads how a test failed
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
    code = pytest.main([*session.gate.tests, *options], plugins=[session])
    if session.fault:
        raise BadGateError(session.fault)
    if code not in (0, pytest.ExitCode.NO_TESTS_COLLECTED) or not session.items:
        raise BadGateError(f"pytest ended with {code}")


class Living:
    """The functions of a module that live in this process, to have mutants put into them."""

    def __init__(self, module: str) -> None:
        self.file = str(ROOT / f"{module.replace('.', '/')}.py")
        things = gc.get_objects()
        ours = [f for f in things if isinstance(f, FunctionType)]
        self.functions = [f for f in ours if f.__code__.co_filename == self.file]
        self.caches = [c for c in things if isinstance(c, functools._lru_cache_wrapper)]

    def become(self, mutant: Mutant) -> None:
        """Have them run a mutant's code. Raises LookupError when nobody has imported them."""
        code = _code_named(compile(mutant.source, self.file, "exec"), mutant.function)
        found = [f for f in self.functions if f.__code__.co_qualname == mutant.function]
        if not found:
            raise LookupError(f"{mutant.function} is nowhere in {mutant.module}")
        for function in found:
            function.__code__ = code
        for cache in self.caches:  # what they hold was made without it
            cache.cache_clear()


def _code_named(code: CodeType, name: str) -> CodeType:
    todo = [code]
    while todo:
        one = todo.pop()
        if one.co_qualname == name:
            return one
        todo += [inner for inner in one.co_consts if isinstance(inner, CodeType)]
    raise LookupError(name)


def hunt(module: str, gate: Gate, mutants: list[Mutant]) -> Iterator[Result]:
    """Put every mutant before the gate, and yield what became of each. Raises BadGateError."""
    inside = [mutant for mutant in mutants if mutant.function]
    outside = [mutant for mutant in mutants if not mutant.function]
    folder = Path(tempfile.mkdtemp(prefix="mutation-"))
    try:
        if outside:
            none = Mutant(module, "", 0, "", "", source_of(module))
            if said := in_child(functools.partial(_afresh, gate, none, folder), 600):
                raise BadGateError(said)
        for mutant in outside:
            began = time.monotonic()
            work = functools.partial(_afresh, gate, mutant, folder)
            said = in_child(work, 10 * PATIENCE_S)
            yield Result(mutant, said, time.monotonic() - began)
        if inside:
            yield from _heard(functools.partial(_living, module, gate, inside, folder), inside)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _afresh(gate: Gate, mutant: Mutant, folder: Path) -> str:
    """Import everything over a mutant, and return what noticed it."""
    Planter([(mutant.module, source_of(mutant.module), mutant.source)]).install()
    noticed = []
    session = Session(gate, lambda session: noticed.append(session.noticing(session.items)))
    _be_silent(folder)
    try:
        run_session(session, folder)
    except BadGateError as error:
        return f"the import: {error}"
    return noticed[0]


def _living(module: str, gate: Gate, mutants: list[Mutant], folder: Path, tell: Any) -> None:
    """Collect once, then put each mutant into a fork of the living process."""

    def all_of_them(session: Session) -> None:
        living = Living(module)
        session.measure(living.file)
        for number, mutant in enumerate(mutants):
            began = time.monotonic()
            items = session.ordered(mutant.function)
            patience_s = PATIENCE_S + 2 * sum(session.took_s[i.nodeid] for i in items)

            def work(mutant: Mutant = mutant, items: list[pytest.Item] = items) -> str:
                living.become(mutant)
                return session.noticing(items)

            said = in_child(work, patience_s)
            seconds = time.monotonic() - began
            session.notices[said] += 1
            session.cost_s[said] += seconds
            tell([number, said, seconds])

    _be_silent(folder)
    run_session(Session(gate, all_of_them), folder)


def _heard(work: Callable[[Any], None], mutants: list[Mutant]) -> Iterator[Result]:
    """Run ``work`` in a child, and yield what it tells while it runs."""
    end, start = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(end)
        with os.fdopen(start, "w", buffering=1) as told:

            def tell(what: Any) -> None:
                told.write(json.dumps(what) + "\n")

            try:
                work(tell)
            except BaseException as error:  # noqa: BLE001 - the parent is told, whatever it is
                tell([-1, f"{type(error).__name__}: {error}", 0])
        os._exit(0)
    os.close(start)
    with os.fdopen(end) as heard:
        for line in heard:
            number, said, seconds = json.loads(line)
            if number < 0:
                raise BadGateError(said)
            yield Result(mutants[number], said, seconds)
    os.waitpid(child, 0)


def _be_silent(folder: Path) -> None:
    """Send what the tests print to a file that nobody reads."""
    silent = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
