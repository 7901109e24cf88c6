"""What a migration saw and did; scripts read these names."""

from __future__ import annotations

from dataclasses import dataclass, field

from lib.core.work import Json


@dataclass(slots=True)
class Report:
    """Counts of this run, and every file that a person should look at, by name."""

    source: str
    dry_run: bool
    #: Files of the source and their bytes.
    files: int = 0
    bytes: int = 0
    #: Files that were copied, or in a dry run would be; and those that were here already.
    copied: int = 0
    copied_bytes: int = 0
    already_here: int = 0
    #: Works that this run made, brought up to date, or found as they should be.
    works_adopted: int = 0
    works_updated: int = 0
    works_unchanged: int = 0
    #: Works of the files that were seen, as they stand now. A dry run does not know.
    works_ready: int = 0
    #: Works that were put away, or changed by a person, since; left as they are.
    works_left_alone: int = 0
    #: User of the source → owner here, and how many works.
    owners: dict[str, Json] = field(default_factory=dict)
    #: Files that belong to no work, with the reason. They stay at the source alone.
    orphans: list[Json] = field(default_factory=list)
    #: Files that cannot be decoded. They stay at the source alone.
    damaged: list[Json] = field(default_factory=list)
    #: Works that lack a file at the source.
    incomplete: list[Json] = field(default_factory=list)
    #: Works that could not be brought in this time.
    failed: list[Json] = field(default_factory=list)

    @property
    def problems(self) -> int:
        """Return how many things a person should look at."""
        return sum(map(len, (self.orphans, self.damaged, self.incomplete, self.failed)))

    @property
    def changes(self) -> int:
        """Return how many things this run changed here, or in a dry run would change."""
        return self.copied + self.works_adopted + self.works_updated
