"""What a recipe is given, and the one way in which recipes write steps and object names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lib.core.brand import BrandKit
from lib.core.checks import Check
from lib.core.paths import ObjectName, build, fingerprint
from lib.core.tools import TOOLS
from lib.core.work import Artifact, Json, Keep, Plan, Step


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants what under which id; ``kit`` is None for works of no single brand."""

    owner: str
    brand: str
    work_id: str
    spec: Json
    kit: BrandKit | None = None


@dataclass(frozen=True, slots=True)
class Make:
    """One artifact to be: where it goes and what makes it valid.

    ``inputs`` are the parameters that only this artifact depends on, so that an edit of one
    slide expects another path for that slide alone.
    """

    slot: str
    category: str
    ext: str
    check: Check
    keep: Keep = Keep.FINAL
    inputs: Any = None


@dataclass(slots=True)
class PlanDraft:
    """Collects the steps of one plan; fingerprints follow what each artifact depends on."""

    order: Order
    steps: list[Step] = field(default_factory=list)
    _prints: dict[str, str] = field(default_factory=dict)

    def step(
        self,
        tool: str,
        makes: list[Make],
        *,
        params: Json,
        shared: Any = None,
        needs: tuple[str, ...] = (),
        name: str = "",
    ) -> None:
        """Add a step, named after its tool unless it has a name of its own.

        ``shared`` are the parameters that all its artifacts depend on; all of ``params`` when
        it is not given.
        """
        used = TOOLS[tool]
        digest = self.order.kit.digest if self.order.kit else ""
        ground = [tool, used.version, digest, params if shared is None else shared]
        ground += [self._prints[need] for need in needs]
        artifacts = []
        for make in makes:
            self._prints[make.slot] = fingerprint(*ground, make.slot, make.inputs)
            path = build(
                ObjectName(
                    owner=self.order.owner,
                    brand=self.order.brand,
                    category=make.category,
                    work_id=self.order.work_id,
                    slot=make.slot,
                    fingerprint=self._prints[make.slot],
                    ext=make.ext,
                )
            )
            artifacts.append(Artifact(slot=make.slot, path=path, check=make.check, keep=make.keep))
        self.steps.append(
            Step(
                name=name or tool,
                tool=tool,
                makes=tuple(artifacts),
                needs=needs,
                params=params,
                patience_s=used.patience_s,
            )
        )

    def plan(self) -> Plan:
        """Return the finished plan."""
        return Plan(steps=tuple(self.steps))
