"""Whether a plan is a release: it changes what the services run, and nothing else.

Called by ``./brandcast deploy release`` between the plan and the apply of cloudbuild.yaml, where
it says so before anything is changed; the account of a release could not do more in any case.
"""

from __future__ import annotations

from typing import Any

_RELEASED = "google_cloud_run_v2_service"
_NOTHING = (["no-op"], ["read"])


def beyond_a_release(plan: dict[str, Any]) -> list[str]:
    """Return every change that a person must apply, with the resource's address.

    ``plan`` is Terraform's JSON. Raises KeyError when it is none.
    """
    return [
        f"{' and '.join(actions)} {change['address']}"
        for change in plan["resource_changes"]
        if (actions := change["change"]["actions"]) not in _NOTHING
        and not (change["type"] == _RELEASED and actions == ["update"])
    ]
