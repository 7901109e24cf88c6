"""One thing that is not as it must be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken invariant: its name, whose it is, and what was found in words."""

    invariant: str
    subject: str
    message: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.invariant}: {self.subject}: {self.message}"
