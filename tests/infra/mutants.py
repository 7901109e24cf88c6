"""Changes of the Terraform files, each of which breaks one rule; by the rule that must see it."""

from __future__ import annotations

from infra.rules import Rule, access, events, services, values, work
from tests.infra.conftest import Change, append, edit

PUSH = 'push_endpoint = local.urls["on-object"]'
MEMBER = 'google_service_account.service["on-object"].member'


def grant(role: str, member: str = MEMBER) -> Change:
    """Grant a role on the whole project."""
    return append(
        "accounts.tf",
        f'resource "google_project_iam_member" "x" {{\n  project = var.project\n'
        f'  role = "{role}"\n  member = {member}\n}}\n',
    )


def acting(of: str, who: str, role: str = "serviceAccountUser") -> Change:
    """Let one account act as another."""
    return append(
        "accounts.tf",
        f'resource "google_service_account_iam_member" "x" {{\n  role = "roles/iam.{role}"\n'
        f"  service_account_id = google_service_account.{of}.name\n"
        f"  member = google_service_account.{who}.member\n}}\n",
    )


def invoking(service: str, member: str) -> Change:
    return append(
        "accounts.tf",
        'resource "google_cloud_run_v2_service_iam_member" "x" {\n  role = "roles/run.invoker"\n'
        f'  name = "{service}"\n  location = var.region\n  member = {member}\n}}\n',
    )


def constant(old: str, new: str) -> Change:
    return edit("constants.auto.tfvars.json", old, new)


MUTANTS: dict[Rule, dict[str, Change]] = {
    events.no_event_makes_an_object: {
        "on-object is a maker": edit(
            "accounts.tf", 'on-object      = "settler"', 'on-object      = "maker"'
        ),
        "the settler may create": edit(
            "accounts.tf",
            'permissions = ["storage.objects.delete",',
            'permissions = ["storage.objects.create",',
        ),
        "the settler may change metadata": edit(
            "accounts.tf",
            'permissions = ["storage.objects.delete",',
            'permissions = ["storage.objects.update",',
        ),
        "on-object may write in every bucket": grant("roles/storage.objectUser"),
        "on-object has a role that nobody knows": grant("roles/storage.somethingNew"),
        "on-object may act as a step": acting(
            'service["on-step-desk"]', 'service["on-object"]', "serviceAccountTokenCreator"
        ),
        "on-object may act as who may act as a step": lambda folder: [
            acting('service["on-tick"]', 'service["on-object"]')(folder),
            append(
                "accounts.tf",
                'resource "google_service_account_iam_member" "y" {\n'
                '  role = "roles/iam.serviceAccountUser"\n'
                '  service_account_id = google_service_account.service["on-step-desk"].name\n'
                '  member = google_service_account.service["on-tick"].member\n}\n',
            )(folder),
            None,
        ][-1],
        "on-object may act as anybody": grant("roles/iam.serviceAccountUser"),
        "on-object runs as a step": edit(
            "services.tf",
            "google_service_account.service[each.key].email",
            'google_service_account.service[each.key == "on-object" ? "on-step-desk" : each.key].email',
        ),
        "events are pushed to a step": edit("events.tf", PUSH, PUSH.replace("object", "step-desk")),
    },
    events.every_change_is_an_event: {
        "deletions are not heard of": edit("events.tf", ', "OBJECT_DELETE"', ""),
        "events hold no object": edit("events.tf", '"JSON_API_V1"', '"NONE"'),
        "the bucket may not publish": edit(
            "events.tf", 'role   = "roles/pubsub.publisher"', 'role   = "roles/pubsub.viewer"'
        ),
    },
    events.every_subscription_retries_and_has_a_dead_letter: {
        "no retry policy": edit(
            "events.tf",
            '  retry_policy {\n    minimum_backoff = "${var.constants.events.min_backoff_s}s"\n'
            '    maximum_backoff = "${var.constants.events.max_backoff_s}s"\n  }\n',
            "",
        ),
        "no pause at first": constant('"min_backoff_s": 10,', '"min_backoff_s": 0,'),
        "no dead letter": edit(
            "events.tf",
            "  dead_letter_policy {\n    dead_letter_topic     = google_pubsub_topic.dead.id\n"
            "    max_delivery_attempts = var.constants.events.max_attempts\n  }\n",
            "",
        ),
        "dead letters go round": edit(
            "events.tf", "= google_pubsub_topic.dead.id\n    max", "= google_pubsub_topic.objects.id\n    max"
        ),
    },
    events.dead_letters_are_kept: {
        "nobody keeps them": edit(
            "events.tf",
            "topic                      = google_pubsub_topic.dead.id",
            "topic                      = google_pubsub_topic.objects.id",
        ),
        "for a day": edit("events.tf", '"1209600s"', '"86400s"'),
        "until it is quiet for a month": edit("events.tf", 'ttl = ""', 'ttl = "2678400s"'),
    },
    events.pubsub_may_put_aside: {
        "it may not take": edit("events.tf", '"roles/pubsub.subscriber"', '"roles/pubsub.viewer"'),
        "it may not put": edit(
            "events.tf", "topic      = google_pubsub_topic.dead.name", "topic      = google_pubsub_topic.objects.name"
        ),
    },
    events.an_answer_comes_before_the_ack_deadline: {
        "the deadline comes first": constant('"ack_s": 240', '"ack_s": 120'),
        "a deadline that there is not": constant('"ack_s": 240', '"ack_s": 900'),
        "nobody answers": edit("events.tf", PUSH, 'push_endpoint = "https://x-1.y.run.app"'),
    },
    events.media_is_private_and_gone_when_deleted: {
        "kept for a week": edit("storage.tf", "duration_seconds = 0", "duration_seconds = 604800"),
        "may be made public": edit("storage.tf", '"enforced"', '"inherited"'),
        "lists on objects": edit("storage.tf", "access = true", "access = false"),
        "old versions": edit("storage.tf", "enabled = false", "enabled = true"),
        "died uploads": edit("storage.tf", '"AbortIncompleteMultipartUpload"', '"Delete"'),
    },
    access.nothing_is_public: {
        "the API is for all": invoking("studio-api", '"allUsers"'),
        "the API is for all who have an account": invoking("studio-api", '"allAuthenticatedUsers"'),
    },
    access.every_role_is_a_known_one: {
        "misspelt": edit("accounts.tf", '"roles/cloudtasks.enqueuer"', '"roles/cloudtasks.enquerer"'),
        "on the whole project": grant("roles/run.invoker"),
    },
    access.nobody_has_a_broad_role: {
        "owner": grant("roles/owner"),
        "editor": grant("roles/editor"),
        "an administrator": grant("roles/storage.admin"),
        "another kind of administrator": grant("roles/storage.objectAdmin"),
        "a custom role that hands out rights": edit(
            "release.tf", '"run.operations.get"', '"resourcemanager.projects.setIamPolicy"'
        ),
    },
    access.the_database_is_named_in_the_condition: {
        "another database": edit("accounts.tf", "databases/${var.database}", "databases/x"),
        "every database": grant("roles/datastore.user"),
    },
    access.an_account_is_called_for_one_purpose: {
        "a service calls": edit("queues.tf", 'caller["tick-caller"].email', 'service["on-tick"].email'),
    },
    access.callers_may_only_call_what_they_call: {
        "one call too few": edit("accounts.tf", 'tick-caller   = ["on-tick"]', "tick-caller   = []"),
        "one call too many": edit("accounts.tf", '["on-object"]', '["on-object", "on-tick"]'),
        "something else": grant("roles/logging.logWriter", 'google_service_account.caller["tasks-caller"].member'),
        "a service that calls another": invoking("on-step-render", MEMBER),
        "a person who calls a step": invoking("on-step-desk", '"user:eve@example.com"'),
    },
    access.nobody_acts_as_a_stranger: {
        "one service as another": acting('service["on-tick"]', 'service["studio-api"]'),
        "tokens of the caller": acting('caller["tasks-caller"]', 'service["on-tick"]', "serviceAccountTokenCreator"),
        "a release with tokens": acting('service["on-tick"]', "release", "serviceAccountTokenCreator"),
        "a release as a caller": acting('caller["tasks-caller"]', "release"),
    },
    access.every_call_carries_a_token_for_its_address: {
        "no token": edit("queues.tf", 'caller["tick-caller"].email', 'caller["tick-caller"].display_name == "" ? "" : ""'),
        "for another address": edit("events.tf", 'audience              = local.urls["on-object"]', 'audience = "https://x"'),
        "to nobody": edit("queues.tf", 'uri         = local.urls["on-tick"]', 'uri = "https://on-tock-1.y.run.app"'),
    },
    access.a_secret_is_read_by_the_one_service_that_has_it: {
        "another reads it": edit("secrets.tf", "google_service_account.service[each.value].member", MEMBER),
        "all have it": edit("services.tf", "if service == each.key }", "}"),
    },
    services.every_service_has_limits: {
        "as many instances as it likes": edit(
            "services.tf", "      max_instance_count = local.services[each.key].max_instances\n", ""
        ),
        "no limit of memory": edit("services.tf", "          memory = local.services[each.key].memory\n", ""),
        "no limit of time": edit("services.tf", '    timeout                          = "${each.value.timeout_s}s"\n', ""),
        "no limit of requests": edit(
            "services.tf", "    max_instance_request_concurrency = each.value.threads\n", ""
        ),
    },
    services.every_service_has_an_account_of_its_own: {
        "the default account": edit("services.tf", "google_service_account.service[each.key].email", '""'),
        "one for all": edit("services.tf", "google_service_account.service[each.key].email", 'google_service_account.service["on-tick"].email'),
    },
    services.every_image_is_named_by_its_digest: {
        "by its tag": edit("services.tf", "= var.image", '= "example/studio:latest"'),
    },
    services.only_the_api_faces_the_internet: {
        "a step that faces the internet": edit("services.tf", "max_instances = var.render_instances, internal = true", "max_instances = var.render_instances, internal = false"),
    },
    services.the_time_limits_form_a_ladder: {
        "the function ends before its tool": constant('"timeout_s": 660', '"timeout_s": 590'),
        "the function ends after its task": constant('"timeout_s": 660', '"timeout_s": 700'),
        "the server does not know": edit("services.tf", "CLOUD_RUN_TIMEOUT_SECONDS = tostring(each.value.timeout_s)", "CLOUD_RUN_TIMEOUT_SECONDS = 300"),
    },
    services.a_renderer_does_one_thing_at_a_time: {
        "two renders": constant('"threads": 1\n      },\n      "on-tick"', '"threads": 2\n      },\n      "on-tick"'),
        "two threads": edit("services.tf", "tostring(each.value.threads)", '"2"'),
    },
    services.threads_are_as_many_as_requests: {
        "more requests than threads": edit("services.tf", "max_instance_request_concurrency = each.value.threads", "max_instance_request_concurrency = 80"),
        "requests that nothing ends": edit("services.tf", 'THREADED_TIMEOUT_ENABLED  = "true"', 'THREADED_TIMEOUT_ENABLED  = "false"'),
    },
    services.a_tool_can_be_started_beside_grpc: {
        "handlers on": edit("services.tf", 'GRPC_ENABLE_FORK_SUPPORT = "0"', 'GRPC_ENABLE_FORK_SUPPORT = "1"'),
    },
    services.services_are_told_where_they_are: {
        "no bucket": edit("services.tf", "BRANDCAST_BUCKET ", "BRANDCAST_BUCKETS "),
        "renders go to the desk": edit("services.tf", 'BRANDCAST_STEP_RENDER_URL = local.urls["on-step-render"]', 'BRANDCAST_STEP_RENDER_URL = local.urls["on-step-desk"]'),
        "each another project": edit("services.tf", "FUNCTION_TARGET         =", "BRANDCAST_PROJECT = each.key\n          FUNCTION_TARGET         ="),
    },
    services.names_are_those_of_the_code: {
        "another function": constant('"function": "on_tick"', '"function": "on_tock"'),
        "another limit": constant('"timeout_s": 60,', '"timeout_s": 61,'),
        "another queue": edit("queues.tf", "name          = each.key", 'name          = "q-${each.key}"'),
    },
    work.every_queue_gives_up: {
        "attempts without end": constant('"max_attempts": 20,\n        "max_retry_s": 240', '"max_attempts": -1,\n        "max_retry_s": 240'),
        "time without end": edit("queues.tf", '    max_retry_duration = "${each.value.max_retry_s}s"\n', ""),
        "no pause": constant('"max_backoff_s": 30', '"max_backoff_s": 0'),
    },
    work.a_queue_hands_out_what_its_service_can_take: {
        "more than there are renderers": edit("queues.tf", "max_concurrent_dispatches = local.dispatches[each.key]", "max_concurrent_dispatches = 100"),
        "a rate that there is not": edit("queues.tf", "max_dispatches_per_second = 50", "max_dispatches_per_second = 5000"),
    },
    work.the_tick_is_tried_again: {
        "once": constant('"retries": 1', '"retries": 0'),
        "not waited for": constant('"deadline_s": 570', '"deadline_s": 180'),
        "by another clock": edit("queues.tf", '"Etc/UTC"', '"Europe/Berlin"'),
    },
    work.every_alert_says_what_to_do: {
        "it does not": edit("alerts.tf", "infra/README.md, Alerts, “no tick”", "somewhere"),
        "a metric that nobody makes": edit("alerts.tf", "user/${google_logging_metric.corrections.name}", "user/corrections"),
    },
    values.values_are_ones_that_google_accepts: {
        "too few tries": edit("events.tf", "max_delivery_attempts = var.constants.events.max_attempts", "max_delivery_attempts = 3"),
        "too long a pause": constant('"max_backoff_s": 600', '"max_backoff_s": 900'),
        "a deadline that there is not": constant('"ack_s": 240', '"ack_s": 900'),
        "kept for ever": edit("events.tf", '"1209600s"', '"31536000s"'),
        "too many tries of the tick": constant('"retries": 1', '"retries": 9'),
        "half a minute": edit("alerts.tf", "for_s    = 300", "for_s    = 90"),
        "too short a name": edit("release.tf", '"brandcast-release"', '"rel"'),
        "a role with a hyphen": edit("accounts.tf", '"brandcastMaker"', '"brandcast-maker"'),
        "a database with capitals": edit("variables.tf", 'default     = "brandcast"', 'default     = "Brandcast"'),
    },
    values.several_requests_have_a_whole_processor: {
        "half a processor": edit("services.tf", 'on-object      = { cpu = "1"', 'on-object      = { cpu = "0.5"'),
    },
    values.every_api_in_use_is_enabled: {
        "no queues": edit("main.tf", '    "cloudtasks.googleapis.com",\n', ""),
        "no rules": edit("main.tf", '    "firebaserules.googleapis.com",\n', ""),
    },
}  # fmt: skip
