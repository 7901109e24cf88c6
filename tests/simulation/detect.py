"""Plant one bug and run seeds until the simulator finds it.

    python -m tests.simulation.detect "NAME" --seeds 2000

Prints one JSON object: the bug, the seed that found it, and by what invariant. A process of its
own for each bug, because the studio is imported with the bug in it.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.planting import Planter
from tests.simulation.planted import BUGS


def main() -> int:
    """Look for one bug; return 0 when it was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--seeds", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the seed that is looked at first")
    chosen = parser.parse_args()
    (planted,) = [bug for bug in BUGS if bug.name == chosen.name]
    Planter(planted.edits).install()
    from tests.simulation.run import run  # not before the bug is in

    for seed in (chosen.first, *range(chosen.seeds)):
        if violation := run(seed).violation:
            print(json.dumps({"bug": planted.name, "seed": seed, "violation": violation}))
            return 0
    print(json.dumps({"bug": planted.name, "seed": None, "violation": ""}))
    return 1


if __name__ == "__main__":
    sys.exit(main())
