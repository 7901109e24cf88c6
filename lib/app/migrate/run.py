"""Migrate: walk an older studio's bucket and adopt what it holds, a few works at a time.

Called by the command line. Reads the source and never writes to it. Killed at any instant and
started again it goes on: what was brought over is found by its name, what was not is brought.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from lib.app.journal import note
from lib.app.migrate.adopt import Adoption, Target, adopt, preview
from lib.app.migrate.carry import forget_rooms
from lib.app.migrate.groups import BrandFiles, Group, brands
from lib.app.migrate.names import slug
from lib.app.migrate.report import Report
from lib.app.studio import Studio
from lib.core.errors import Refused, StudioError, Unavailable
from lib.ports import Objects

#: Works in a row that could not be brought in before the run ends with the last reason.
IN_A_ROW = 5

Told = Callable[[Report, str], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A bucket of an older studio."""

    objects: Objects
    #: What makes a key a name that a person can look up: ``s3://bucket/``.
    url: str
    #: What comes before ``{user}/{brand}/…`` in its keys, with a slash at the end, or nothing.
    prefix: str = ""
    #: What else the command line needs to come here again.
    options: str = ""

    @property
    def name(self) -> str:
        """Return what a person calls it."""
        return f"{self.url}{self.prefix}"

    def home(self, user: str, brand: str) -> str:
        """Return where the files of a brand lie."""
        return f"{self.name}{user}/{brand}"

    def again(self, user: str, owner: str) -> str:
        """Return the command that brings this user's files to this owner."""
        words = f"./brandcast migrate --from {shlex.quote(self.name)}"
        words += f" {self.options}" if self.options else ""
        mapped = shlex.quote(f"{user}={owner}")
        return words if owner == slug(user) else f"{words} --owner-map {mapped}"


def migrate(
    studio: Studio,
    source: Source,
    owners: Mapping[str, str],
    *,
    dry_run: bool = False,
    workers: int = 1,
    told: Told | None = None,
) -> Report:
    """Bring a bucket in and say what came of it.

    ``owners`` maps users of the source to owners here; anybody else keeps their name, as far as
    it fits. ``told`` is called after every work with the report so far and the brand. Raises
    Refused when the source cannot be read or a mapped user is not there, Unavailable when it is
    away. A work that cannot be brought in for a reason of its own is noted, and the others go on.
    """
    _check_owners(source, owners)
    report = Report(source=source.name, dry_run=dry_run)
    if not dry_run:
        forget_rooms(studio)
    with ThreadPoolExecutor(workers) as pool:
        failed_in_a_row = 0
        for found in brands(source.objects, source.prefix):
            _note_brand(report, source, found)
            owner = owners.get(found.user) or slug(found.user)
            home = source.home(found.user, found.brand)
            again = source.again(found.user, owner)
            target = Target(owner, slug(found.brand), source.url, home, again)
            jobs = [
                (group, pool.submit(_one, studio, source, group, target, dry_run))
                for group in found.groups
            ]
            for group, adoption in _ended(jobs):
                if isinstance(adoption, StudioError):
                    _note_failure(report, source, group, adoption)
                    failed_in_a_row += 1
                    if failed_in_a_row >= IN_A_ROW:
                        _drop(jobs)
                        raise adoption
                else:
                    failed_in_a_row = 0
                    _note_adoption(report, adoption, target)
                if told:
                    told(report, found.brand)
    return report


def _one(studio: Studio, source: Source, group: Group, target: Target, dry_run: bool) -> Adoption:
    if dry_run:
        return preview(studio, group, target)
    return adopt(studio, source.objects, group, target)


def _ended(
    jobs: list[tuple[Group, Future[Adoption]]],
) -> Iterator[tuple[Group, Adoption | StudioError]]:
    for group, job in jobs:
        try:
            yield group, job.result()
        except (Unavailable, Refused) as error:  # one file may be forbidden, or archived
            yield group, error
        except BaseException:
            _drop(jobs)
            raise


def _drop(jobs: list[tuple[Group, Future[Adoption]]]) -> None:
    for _, job in jobs:
        job.cancel()


def _check_owners(source: Source, owners: Mapping[str, str]) -> None:
    for user, owner in owners.items():
        if slug(owner) != owner:
            raise Refused(
                f"{owner!r} is no owner", hint="up to 40 lower-case letters, digits and hyphens"
            )
        if not source.objects.list(f"{source.prefix}{user}/", limit=1).items:
            raise Refused(f"{source.name} has no user {user!r}", hint="mend --owner-map OLD=NEW")


def _note_brand(report: Report, source: Source, found: BrandFiles) -> None:
    report.files += found.files
    report.bytes += found.bytes
    report.orphans += [{"object": f"{source.url}{key}", "why": why} for key, why in found.orphans]


def _note_failure(report: Report, source: Source, group: Group, error: StudioError) -> None:
    home = source.home(group.user, group.brand)
    report.failed.append({"from": home, "id": group.id, "why": str(error)})
    note("migration_failed", f"{group.id} of {home}: {error}")


def _note_adoption(report: Report, found: Adoption, target: Target) -> None:
    group = found.group
    report.copied += found.copied
    report.copied_bytes += found.copied_bytes
    report.already_here += found.already_here
    report.damaged += found.damaged
    if found.absent:
        entry = {
            "from": target.home,
            "id": group.id,
            "missing": found.absent,
            "work": found.work_id,
        }
        report.incomplete.append(entry)
    report.works_adopted += found.became == "adopted"
    report.works_updated += found.became == "updated"
    report.works_unchanged += found.became == "unchanged"
    report.works_left_alone += found.became == "left alone"
    report.works_ready += found.ready
    whose = report.owners.setdefault(group.user, {"owner": target.owner, "works": 0})
    whose["works"] += 1
