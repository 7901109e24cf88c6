"""What every plan of this folder must keep, whatever is changed: rules over its picture.

A rule is a plain function from a picture to sentences, one for each fault. ``RULES`` names them
all; ``./brandcast deploy plan`` and the tests hold a plan against them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from infra.offline.picture import Picture
from infra.rules import access, events, services, values, work

Rule: TypeAlias = Callable[[Picture], list[str]]

RULES: tuple[Rule, ...] = (
    events.no_event_makes_an_object,
    events.every_change_is_an_event,
    events.every_subscription_retries_and_has_a_dead_letter,
    events.dead_letters_are_kept,
    events.pubsub_may_put_aside,
    events.an_answer_comes_before_the_ack_deadline,
    events.media_is_private_and_gone_when_deleted,
    access.nothing_is_public,
    access.every_role_is_a_known_one,
    access.nobody_has_a_broad_role,
    access.the_database_is_named_in_the_condition,
    access.an_account_is_called_for_one_purpose,
    access.callers_may_only_call_what_they_call,
    access.nobody_acts_as_a_stranger,
    access.every_call_carries_a_token_for_its_address,
    access.a_secret_is_read_by_the_one_service_that_has_it,
    services.every_service_has_limits,
    services.every_service_has_an_account_of_its_own,
    services.every_image_is_named_by_its_digest,
    services.only_the_api_faces_the_internet,
    services.the_time_limits_form_a_ladder,
    services.a_renderer_does_one_thing_at_a_time,
    services.threads_are_as_many_as_requests,
    services.a_tool_can_be_started_beside_grpc,
    services.services_are_told_where_they_are,
    services.names_are_those_of_the_code,
    work.every_queue_gives_up,
    work.a_queue_hands_out_what_its_service_can_take,
    work.the_tick_is_tried_again,
    work.every_alert_says_what_to_do,
    values.values_are_ones_that_google_accepts,
    values.several_requests_have_a_whole_processor,
    values.every_api_in_use_is_enabled,
)


def broken(found: Picture) -> dict[str, list[str]]:
    """Return the faults by the rule that found them, the rule in words."""
    faults = {rule.__name__.replace("_", " "): rule(found) for rule in RULES}
    return {name: lines for name, lines in faults.items() if lines}
