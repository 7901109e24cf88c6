"""Rules of the way from an object to the function that hears of it."""

from __future__ import annotations

from infra.offline.picture import Picture, first, seconds, short

#: Permissions that make an object, or change one so that an event follows.
WRITING = frozenset(
    {
        "storage.objects.create",
        "storage.objects.update",
        "storage.objects.restore",
        "storage.objects.move",
        "storage.objects.setRetention",
        "storage.objects.overrideUnlockedRetention",
        "storage.multipartUploads.create",
        "storage.folders.create",
        "storage.managedFolders.create",
    }
)
#: Google's roles that hold any of them; a role that is not known counts as if it did.
_HARMLESS = frozenset(
    {
        "roles/storage.objectViewer",
        "roles/datastore.user",
        "roles/run.invoker",
        "roles/cloudtasks.enqueuer",
        "roles/pubsub.publisher",
        "roles/pubsub.subscriber",
        "roles/iam.serviceAccountUser",
        "roles/iam.serviceAccountTokenCreator",
        "roles/secretmanager.secretAccessor",
        "roles/logging.logWriter",
        "roles/artifactregistry.writer",
        "roles/run.developer",
    }
)
#: Roles that let one account act as another.
_ACTING = frozenset({"roles/iam.serviceAccountUser", "roles/iam.serviceAccountTokenCreator"})
#: Messages put aside are kept at least this long, seconds: a week, with a holiday in it.
KEPT_S = 7 * 86_400
_FOR_EVER = ""


def no_event_makes_an_object(found: Picture) -> list[str]:
    """Follow bucket, notification, topic, push, service, account: none of them may write there.

    Also not by acting as another account. What handling an event may do is enqueue a step; steps
    make objects only for an attempt that the ledger claimed, which is why *that* comes to an end.
    """
    faults = []
    for notice in found.of("google_storage_notification"):
        for account in sorted(_led_to(found, notice["topic"])):
            for other in sorted(_acting_as(found, account)):
                faults += [
                    f"an event of {notice['bucket']} leads to {account}, which may write there"
                    f" as {other} by {grant.role}"
                    for grant in found.granted(other)
                    if grant.kind in {"project", "bucket"}
                    and (grant.kind == "project" or grant.name == notice["bucket"])
                    and _writes(found, grant.role)
                ]
    return faults


def _led_to(found: Picture, topic: str) -> set[str]:
    names = {
        s["name"]
        for s in found.of("google_pubsub_subscription")
        if short(s["topic"]) == short(topic)
    }
    calls = [call for call in found.calls if call.by.removeprefix("Pub/Sub ") in names]
    services = [found.service_at(call.url) for call in calls]
    return {service.account for service in services if service is not None}


def _acting_as(found: Picture, account: str) -> set[str]:
    """Return an account and all that it may act as, and they in turn."""
    emails = {name: email for email, name in found.accounts().items()}
    reached, waiting = set(), [account]
    while waiting:
        now = waiting.pop()
        if now not in reached:
            reached.add(now)
            for grant in found.granted(now):
                if grant.role not in _ACTING:
                    continue
                if grant.kind == "project":  # everybody's
                    waiting += emails.values()
                elif grant.kind == "account":
                    waiting.append(emails.get(grant.name, grant.name))
    return reached


def _writes(found: Picture, role: str) -> bool:
    if role in found.roles:
        return bool(found.roles[role] & WRITING)
    return role not in _HARMLESS


def every_change_is_an_event(found: Picture) -> list[str]:
    """Hear of objects that come and that go; the app needs both, with the object's own words."""
    wanted = {"OBJECT_FINALIZE", "OBJECT_DELETE"}
    notices = found.of("google_storage_notification")
    heard = {n["bucket"] for n in notices if wanted <= set(n.get("event_types") or ())}
    faults = [
        f"nobody hears of what happens in the bucket {bucket['name']}"
        for bucket in found.of("google_storage_bucket")
        if bucket["name"] not in heard
    ]
    faults += [
        f"the events of {n['bucket']} hold no object"
        for n in notices
        if n["payload_format"] != "JSON_API_V1"
    ]
    publishers = {g.name for g in found.grants if g.role == "roles/pubsub.publisher"}
    return faults + [
        f"nobody may publish to {short(n['topic'])}"
        for n in notices
        if short(n["topic"]) not in publishers
    ]


def every_subscription_retries_and_has_a_dead_letter(found: Picture) -> list[str]:
    """A failed delivery is tried again, ever more slowly, and at last put aside; never dropped."""
    faults = []
    for subscription in found.of("google_pubsub_subscription"):
        if not first(subscription.get("push_config")):
            continue
        name, retry = subscription["name"], first(subscription.get("retry_policy"))
        least, most = (seconds(retry.get(f"{k}_backoff")) for k in ("minimum", "maximum"))
        if least is None or most is None or not 0 < least < most:
            faults.append(f"{name} has no retry policy with a least and a greatest pause")
        dead = first(subscription.get("dead_letter_policy"))
        if not dead.get("dead_letter_topic") or not dead.get("max_delivery_attempts"):
            faults.append(f"{name} has no dead letter")
        elif dead["dead_letter_topic"] == subscription["topic"]:
            faults.append(f"{name} puts its dead letters where it takes them from")
    return faults


def dead_letters_are_kept(found: Picture) -> list[str]:
    """Somebody keeps what was put aside, for longer than a week, and does not end by itself."""
    subscriptions = found.of("google_pubsub_subscription")
    topics = {first(s.get("dead_letter_policy")).get("dead_letter_topic") for s in subscriptions}
    faults = []
    for topic in sorted(filter(None, topics)):
        keeping = [s for s in subscriptions if short(s["topic"]) == short(topic)]
        if not keeping:
            faults.append(f"nobody keeps what is put aside in {short(topic)}")
        faults += [
            f"{subscription['name']} forgets dead letters within a week"
            for subscription in keeping
            if (seconds(subscription.get("message_retention_duration")) or 0) < KEPT_S
        ]
    return faults + [
        f"{s['name']} ends by itself when it is quiet"
        for s in subscriptions
        if first(s.get("expiration_policy")).get("ttl") != _FOR_EVER
    ]


def pubsub_may_put_aside(found: Picture) -> list[str]:
    """Pub/Sub's own agent takes the message from the one and puts it into the other."""
    faults = []
    for subscription in found.of("google_pubsub_subscription"):
        topic = first(subscription.get("dead_letter_policy")).get("dead_letter_topic")
        if not topic:
            continue
        wanted = {
            ("roles/pubsub.subscriber", "subscription", subscription["name"]),
            ("roles/pubsub.publisher", "topic", short(topic)),
        }
        agents = {(g.role, g.kind, g.name) for g in found.grants if "@gcp-sa-pubsub." in g.member}
        faults += [f"Pub/Sub's agent lacks {role} on {name}" for role, _, name in wanted - agents]
    return faults


def an_answer_comes_before_the_ack_deadline(found: Picture) -> list[str]:
    """A delivery is not repeated while the one before it is still at work."""
    faults = []
    for subscription in found.of("google_pubsub_subscription"):
        push = first(subscription.get("push_config"))
        service = found.service_at(push["push_endpoint"]) if push else None
        if push and service is None:
            faults.append(f"{subscription['name']} pushes to {push['push_endpoint']}: nobody")
        elif service and not service.timeout_s < subscription["ack_deadline_seconds"] <= 600:
            faults.append(f"{service.name} may answer after the deadline of {subscription['name']}")
    return faults


def media_is_private_and_gone_when_deleted(found: Picture) -> list[str]:
    """Nobody can publish the bucket, and a spent raw file is not paid for after its deletion."""
    faults = []
    for bucket in found.of("google_storage_bucket"):
        name = bucket["name"]
        if bucket.get("public_access_prevention") != "enforced":
            faults.append(f"{name} can be made public")
        if bucket.get("uniform_bucket_level_access") is not True:
            faults.append(f"{name} has access lists on single objects")
        if first(bucket.get("soft_delete_policy")).get("retention_duration_seconds") != 0:
            faults.append(f"{name} keeps and bills what was deleted")
        if first(bucket.get("versioning")).get("enabled"):
            faults.append(f"{name} keeps old versions")
        rules = bucket.get("lifecycle_rule") or []
        if "AbortIncompleteMultipartUpload" not in {first(r["action"])["type"] for r in rules}:
            faults.append(f"{name} keeps what died uploads left")
    return faults
