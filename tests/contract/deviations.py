"""What a backend or its stand-in cannot show: each clause by name, why, and what shows it instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """One clause that is not asked of a backend."""

    reason: str
    #: The test that shows it instead.
    shown_by: str


Deviations = Mapping[str, Deviation]

#: What fake-gcs-server cannot show.
GCS_DEVIATIONS: Deviations = {
    "test_deleting_another_generation_is_false_and_deletes_nothing": Deviation(
        "fake-gcs-server deletes whatever generation is there",
        "test_a_deletion_names_its_generation",
    ),
}


def table(backends: Mapping[str, Deviations]) -> list[str]:
    """Return the lines that the end of a run prints, none when every backend keeps everything."""
    return [
        f"{name}: {clause}\n    {deviation.reason}; shown by {deviation.shown_by}"
        for name, deviations in sorted(backends.items())
        for clause, deviation in sorted(deviations.items())
    ]
