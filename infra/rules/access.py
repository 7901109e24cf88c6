"""Rules of who may do what."""

from __future__ import annotations

from infra.offline.picture import Picture

PUBLIC = ("allUsers", "allAuthenticatedUsers")
#: Role of Google's → the kinds of things it may be granted on here. A role that is misspelt is no
#: error before the apply, so what is not in this table does not pass.
KNOWN: dict[str, frozenset[str]] = {
    "roles/run.invoker": frozenset({"service"}),
    "roles/run.developer": frozenset({"service"}),
    "roles/datastore.user": frozenset({"project"}),
    "roles/cloudtasks.enqueuer": frozenset({"queue"}),
    "roles/pubsub.publisher": frozenset({"topic"}),
    "roles/pubsub.subscriber": frozenset({"subscription"}),
    "roles/iam.serviceAccountUser": frozenset({"account"}),
    "roles/iam.serviceAccountTokenCreator": frozenset({"account"}),
    "roles/secretmanager.secretAccessor": frozenset({"secret"}),
    "roles/artifactregistry.writer": frozenset({"repository"}),
    "roles/storage.objectUser": frozenset({"bucket"}),
    "roles/logging.logWriter": frozenset({"project"}),
}
#: Permissions that no custom role of ours may hold.
_FORBIDDEN = ("setIamPolicy", "iam.serviceAccountKeys.", "actAs", "getAccessToken", "delete.all")


def nothing_is_public(found: Picture) -> list[str]:
    """Nothing is granted to everybody."""
    return [
        f"{grant.role} on {grant.kind} {grant.name} is granted to {grant.member}"
        for grant in found.grants
        if grant.member in PUBLIC
    ]


def every_role_is_a_known_one(found: Picture) -> list[str]:
    """Every role exists, and is granted on the kind of thing it is meant for."""
    faults = []
    for grant in found.grants:
        if grant.role in found.roles:
            continue
        if grant.role not in KNOWN:
            faults.append(f"{grant.role} is no role that is known here")
        elif grant.kind not in KNOWN[grant.role]:
            faults.append(f"{grant.role} is granted on the {grant.kind} {grant.name}")
    return faults


def nobody_has_a_broad_role(found: Picture) -> list[str]:
    """No basic role, nobody's administrator, and no custom role that can hand out rights."""
    faults = [
        f"{grant.member} has {grant.role} on {grant.kind} {grant.name}"
        for grant in found.grants
        if grant.role in {"roles/owner", "roles/editor", "roles/viewer"}
        or grant.role.lower().endswith("admin")
    ]
    return faults + [
        f"the role {role} holds {permission}"
        for role, permissions in found.roles.items()
        for permission in sorted(permissions)
        if "*" in permission or any(word in permission for word in _FORBIDDEN)
    ]


def the_database_is_named_in_the_condition(found: Picture) -> list[str]:
    """Firestore's roles are the project's, so a condition says which database is meant."""
    databases = {
        f'resource.name == "projects/{d["project"]}/databases/{d["name"]}"'
        for d in found.of("google_firestore_database")
    }
    return [
        f"{grant.member} has {grant.role} on every database"
        for grant in found.grants
        if grant.role.startswith("roles/datastore.") and grant.condition not in databases
    ]


def an_account_is_called_for_one_purpose(found: Picture) -> list[str]:
    """An account either runs a service or calls one; so a stolen token is worth little."""
    runs = {service.account for service in found.services.values()}
    return [
        f"{call.account} calls {call.url} and runs a service"
        for call in found.calls
        if call.account in runs
    ]


def callers_may_only_call_what_they_call(found: Picture) -> list[str]:
    """Who calls a service may invoke exactly that, and may do nothing else."""
    wanted: dict[str, set[str]] = {}
    for call in found.calls:
        service = found.service_at(call.url)
        wanted.setdefault(call.account, set()).add(service.name if service else call.url)
    faults = []
    for account, services in sorted(wanted.items()):
        grants = found.granted(account)
        may = {g.name for g in grants if (g.role, g.kind) == ("roles/run.invoker", "service")}
        faults += [f"{account} calls {name} and may not" for name in sorted(services - may)]
        faults += [f"{account} may call {name} and need not" for name in sorted(may - services)]
        faults += [
            f"{account} has {g.role} on {g.kind} {g.name}"
            for g in grants
            if g.role != "roles/run.invoker"
        ]
    inside = {s.name for call in found.calls if (s := found.service_at(call.url)) is not None}
    return faults + [
        f"{grant.member} may call {grant.name}, which only the platform calls"
        for grant in found.grants
        if grant.role == "roles/run.invoker"
        and grant.name in inside
        and grant.account not in wanted
    ]


def nobody_acts_as_a_stranger(found: Picture) -> list[str]:
    """A service names the caller of its tasks, or signs as itself; a release deploys services."""
    runs = {service.account for service in found.services.values()}
    calls = {call.account for call in found.calls if call.by.startswith("Cloud Tasks")}
    emails = {name: email for email, name in found.accounts().items()}
    faults = []
    for grant in found.grants:
        if grant.kind != "account":
            continue
        target = emails.get(grant.name, grant.name)
        creating = grant.role == "roles/iam.serviceAccountTokenCreator"
        naming = grant.account in runs and target in calls and not creating
        signing = grant.account == target and creating
        releasing = grant.account not in runs | calls and target in runs and not creating
        if not (naming or signing or releasing):
            faults.append(f"{grant.member} may act as {target}")
    return faults


def every_call_carries_a_token_for_its_address(found: Picture) -> list[str]:
    """Each call goes to a service of ours, with a token made for that very address."""
    faults = []
    for call in found.calls:
        if found.service_at(call.url) is None:
            faults.append(f"{call.by} calls {call.url or 'nothing'}, which is no service")
        if not call.account:
            faults.append(f"{call.by} calls with no token")
        if call.audience != call.url:
            faults.append(f"{call.by} calls {call.url} with a token for {call.audience}")
    return faults


def a_secret_is_read_by_the_one_service_that_has_it(found: Picture) -> list[str]:
    """Who may read a secret is who has it in its environment, and nobody else."""
    mounted = {
        (name, service.account) for service in found.services.values() for name in service.secrets
    }
    granted = {(grant.name, grant.account) for grant in found.grants if grant.kind == "secret"}
    return [
        *(f"{account} has {name} and may not read it" for name, account in mounted - granted),
        *(f"{account} may read {name} and need not" for name, account in granted - mounted),
    ]
