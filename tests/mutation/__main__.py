"""The command: hunt the mutants of modules, and say of each function how many were noticed."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.mutation.gates import GUARDS, REST, Gate, gate_of
from tests.mutation.hunt import BadGateError, Result, hunt
from tests.mutation.mutate import Mutant, mutants_of

#: The survivors that are known, each with the reason why nothing notices it.
KNOWN = Path(__file__).with_name("survivors.toml")


def known() -> dict[tuple[str, str, str, str], str]:
    """Return the reason of each survivor that is recorded, by its key."""
    entries = tomllib.loads(KNOWN.read_text(encoding="utf-8")).get("survivors", [])
    return {
        (entry["module"], entry["function"], was, becomes): entry["reason"]
        for entry in entries
        for was, becomes in entry["mutations"]
    }


def chosen(module: str, wanted: argparse.Namespace) -> list[Mutant]:
    """Return the mutants that are asked for, evenly over the module when not all are."""
    mutants = mutants_of(module)
    if wanted.function:
        mutants = [m for m in mutants if m.function in wanted.function]
    if wanted.survivors:
        recorded = known()
        mutants = [m for m in mutants if m.key in recorded]
    if wanted.again:
        told = [json.loads(line) for line in wanted.again.read_text(encoding="utf-8").splitlines()]
        left = {
            (t["module"], s["function"], s["was"], s["becomes"])
            for t in told
            for s in t["survivors"]
        }
        mutants = [m for m in mutants if m.key in left - known().keys()]
    if wanted.sample and wanted.sample < len(mutants):
        every = random.Random(0).sample(range(len(mutants)), wanted.sample)
        mutants = [mutants[i] for i in sorted(every)]
    return mutants


def table(results: list[Result]) -> list[dict[str, Any]]:
    """Return a row for each function: mutants, noticed, recorded as equivalent, open."""
    reasons, rows = known(), []
    for function in dict.fromkeys(result.mutant.function for result in results):
        of_it = [result for result in results if result.mutant.function == function]
        left = [result.mutant for result in of_it if not result.noticed_by]
        recorded = sum(mutant.key in reasons for mutant in left)
        rows.append({
            "function": function or "(module)",
            "mutants": len(of_it),
            "noticed": len(of_it) - len(left),
            "recorded": recorded,
            "open": len(left) - recorded,
        })  # fmt: skip
    return rows


def report(module: str, results: list[Result], total: int, seconds: float) -> dict[str, Any]:
    """Return all that is known of one module."""
    reasons = known()
    survivors = [result.mutant for result in results if not result.noticed_by]
    return {
        "module": module,
        "guard": module in GUARDS,
        "mutants": total,
        "hunted": len(results),
        "noticed": len(results) - len(survivors),
        "recorded": sum(mutant.key in reasons for mutant in survivors),
        "open": sum(mutant.key not in reasons for mutant in survivors),
        "seconds": round(seconds),
        "functions": table(results),
        "noticed_by": dict(Counter(r.noticed_by for r in results if r.noticed_by).most_common()),
        "survivors": [
            {
                "function": mutant.function,
                "line": mutant.line,
                "was": mutant.was,
                "becomes": mutant.becomes,
                "reason": reasons.get(mutant.key, ""),
            }
            for mutant in survivors
        ],
    }


def show(told: dict[str, Any]) -> None:
    """Print a report for people."""
    hunted, noticed = told["hunted"], told["noticed"]
    share = 100 * noticed / hunted if hunted else 0.0
    of = "" if hunted == told["mutants"] else f" of {told['mutants']}"
    print(
        f"{told['module']}: {hunted}{of} mutants, {noticed} noticed ({share:.1f} %), "
        f"{told['recorded']} recorded, {told['open']} open, {told['seconds']} s"
    )
    for row in told["functions"]:
        print(
            f"  {row['function']:<34}{row['noticed']:>4}/{row['mutants']:<4}"
            f" recorded {row['recorded']}, open {row['open']}"
        )
    for survivor in told["survivors"]:
        if not survivor["reason"]:
            print(f"  open: line {survivor['line']} in {survivor['function'] or '(module)'}")
            print(f"    was     {survivor['was']}\n    becomes {survivor['becomes']}")


def heard(results: Iterator[Result]) -> Iterator[Result]:
    """Pass results on, and show on the error stream that something happens."""
    for number, result in enumerate(results, 1):
        if sys.stderr.isatty() or number % 20 == 0:
            print(f"{number} mutants, line {result.mutant.line}", file=sys.stderr, flush=True)
        yield result


def main() -> int:
    """Hunt, and return 1 when a mutant survived that is not recorded."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--module", action="append", help="a module; again for more")
    parser.add_argument("--guards", action="store_true", help="every guard")
    parser.add_argument("--rest", action="store_true", help="what the guards stand on")
    parser.add_argument("--function", action="append", help="only mutants of this function")
    parser.add_argument("--survivors", action="store_true", help="only those that are recorded")
    parser.add_argument("--again", type=Path, help="only what an earlier --json left open")
    parser.add_argument("--sample", type=int, help="so many of a module's mutants, drawn evenly")
    parser.add_argument("--tests", action="append", help="only this file of tests is the gate")
    parser.add_argument("--json", action="store_true", help="one JSON object a module")
    wanted = parser.parse_args()
    modules = [*(wanted.module or ()), *(GUARDS if wanted.guards else ())]
    modules += REST if wanted.rest else ()
    if not modules:
        parser.error("say --module NAME, --guards or --rest")
    unexplained = 0
    for module in modules:
        began = time.monotonic()
        try:
            gate = Gate(tuple(wanted.tests)) if wanted.tests else gate_of(module)
            results = list(heard(hunt(module, gate, chosen(module, wanted))))
        except BadGateError as error:
            print(f"{module}: its gate does not pass without a mutant: {error}", file=sys.stderr)
            return 2
        told = report(module, results, len(mutants_of(module)), time.monotonic() - began)
        unexplained += told["open"]
        if wanted.json:
            print(json.dumps(told, ensure_ascii=False), flush=True)
        else:
            show(told)
            sys.stdout.flush()
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
