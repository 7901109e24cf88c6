"""The faults: what may go wrong, how often in this seed, and what did.

Each seed has its own mixture (a swarm): a class that is off in one seed leaves room for what it
would have hidden. Every fault that strikes has a name, so that a run can be repeated with only some
of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.simulation.chance import Chance

#: Fault classes and the most that their rate can be; what a rate is *of* is said where it strikes.
MOST: dict[str, float] = {
    "killed before a call": 0.02,  # of the calls of a port
    "killed after a call": 0.02,
    "error before a call": 0.04,
    "error after a call": 0.04,
    "paused": 0.01,
    "slow call": 0.05,
    "upload cut short": 0.1,  # of the uploads
    "tool fails": 0.25,  # of the runs of a tool
    "tool makes rubbish": 0.15,
    "tool hangs": 0.06,
    "inputs that always fail": 0.05,  # of the steps
    "event dropped": 0.6,  # of the events
    "event doubled": 0.5,
    "event late": 0.5,
    "task doubled": 0.3,  # of the deliveries
    "task late": 0.3,
    "task lost for good": 0.05,
    "tick missed": 0.5,  # of the ticks
    "tick doubled": 0.4,
    "skewed clock": 1.0,  # of the processes
    "clock set back": 0.1,
    "outage": 1.0,  # of each port, over a run
    "deploy": 1.0,  # over a run
    "machine stops": 1.0,
    "person": 1.0,  # of the acts that people might do
    "person at a call": 0.02,  # of the calls of a port
}
#: Share of the seeds in which a class is off altogether.
OFF = 0.35


@dataclass
class Faults:
    """The mixture of one seed."""

    chance: Chance
    #: Only these may strike (names as in ``struck``); None: all that chance wants.
    only: frozenset[str] | None = None
    raging: bool = True
    rates: dict[str, float] = field(default_factory=dict)
    struck: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for name, most in MOST.items():
            on, how_much = self.chance.draws("rate", name, count=2)
            self.rates[name] = most * how_much if self.raging and on >= OFF else 0.0

    def strikes(self, kind: str, luck: float, *where: object) -> bool:
        """Tell whether a fault of this class strikes here; ``luck`` is in [0, 1)."""
        return self.raging and luck < self.rates[kind] and self.name(kind, *where)

    def lasts(self, kind: str, luck: float, *where: object) -> bool:
        """Tell as ``strikes`` does, of a fault that no quiet heals."""
        return luck < self.rates[kind] and self.name(kind, *where)

    def name(self, kind: str, *where: object) -> bool:
        """Note a fault by its name; False when this run leaves it out."""
        name = "/".join((kind, *map(str, where)))
        if self.only is not None and name not in self.only:
            return False
        self.struck.append(name)
        self.counts[kind] += 1
        return True
