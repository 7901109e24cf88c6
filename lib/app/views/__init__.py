"""What the pages and the command line read: works, bursts and the state of the whole studio.

Everything is derived here from records, the bucket and the clock, nothing in the browser.
Instants are ISO 8601 in UTC; durations are seconds. The field names are those of the
Observatory's status document, so that it can grow without breaking a script.
"""

from __future__ import annotations

from lib.app.views.bursts import burst, bursts
from lib.app.views.jobs import job, jobs
from lib.app.views.status import activity, status

#: Most cards of one list.
LIST_LIMIT = 500

__all__ = ["LIST_LIMIT", "activity", "burst", "bursts", "job", "jobs", "status"]
