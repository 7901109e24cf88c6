"""Bugs to plant in the kernel, each with the checks that must catch it.

A bug is a replacement in the kernel's source. Every check that it names must fail on it:
``histories`` is the campaign of random histories, the others are tests by module and name.
When a change of the kernel moves the text that is replaced, mend the bug here with it.
"""

from __future__ import annotations

from dataclasses import dataclass

HISTORIES = "histories"


@dataclass(frozen=True, slots=True)
class Bug:
    """One planted bug: what is replaced, in which module of ``lib.core``, and who notices."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    caught_by: tuple[str, ...]


def bug(name: str, module: str, old: str, new: str, *caught_by: str) -> Bug:
    """Return a bug of a single edit."""
    return Bug(name, ((module, old, new),), caught_by)


_VALID = "return sighting is not None and sighting.valid and sighting.size > 0"
_EMPTY = 'if size == 0:\n        return ("is empty (0 bytes)",)'
_BUSY = "busy = {need for step in plan.steps if steps[step.name].missing for need in step.needs}"
_LIVE = "if now < due_at:\n        return StepState(Stage.RUNNING"
_MAKING = "if totals.active or totals.works < (ordered or 0):\n        return BurstPhase.MAKING"

BUGS = (
    # --- what is done ---
    bug(
        "complete is computed from the ledger",
        "status",
        "done=sum(slot in present for slot in kept),",
        "done=sum(slot in present or any(t.outcome is Outcome.OK for s in plan.steps"
        " for a in s.makes if a.slot == slot for t in ledger[s.name]) for slot in kept),",
        HISTORIES,
        "test_status.test_a_ledger_full_of_success_makes_nothing_done",
        "test_rollup.test_ready_means_every_artifact_and_not_every_attempt",
        "test_seed_reconciliation.test_scenario_4_false_claims_are_found_out_and_mended",
    ),
    bug(
        "an invalid object is accepted",
        "status",
        _VALID,
        "return sighting is not None and sighting.size > 0",
        HISTORIES,
        "test_status.test_an_object_that_fails_its_check_is_missing_with_words",
    ),
    Bug(
        "an object of zero bytes is accepted",
        (
            ("status", _VALID, "return sighting is not None and sighting.valid"),
            ("checks", _EMPTY, "if size == 0:\n        return ()"),
        ),
        (
            HISTORIES,
            "test_checks.test_zero_bytes_are_never_valid",
            "test_status.test_a_zero_byte_object_is_missing_even_if_nobody_called_it_invalid",
        ),
    ),
    bug(
        "a work is ready as soon as anything of it is there",
        "rollup",
        "if assessment.complete:",
        "if assessment.done:",
        HISTORIES,
        "test_rollup.test_a_stop_is_partial_with_something_made_and_failed_with_nothing",
    ),
    bug(
        "a work is ready once nothing of it is at work any more",
        "rollup",
        "if assessment.complete:",
        "if not assessment.any(Stage.RUNNING, Stage.READY, Stage.WAITING):",
        HISTORIES,
        "test_seed_reconciliation.test_the_state_table",
    ),
    # --- what is wanted ---
    bug(
        "demand does not reach back",
        "status",
        "todo += [need for need in maker[slot].needs if need not in present]",
        "todo += []",
        HISTORIES,
        "test_status.test_a_lost_final_demands_its_raw_again",
    ),
    bug(
        "a raw file is wanted for ever",
        "status",
        "wanted = _wanted(plan, kept, present)",
        "wanted = _wanted(plan, list(artifacts), present)",
        HISTORIES,
        "test_status.test_a_missing_raw_that_nothing_needs_is_not_wanted",
    ),
    bug(
        "a raw file is discarded when its final was merely attempted",
        "status",
        _BUSY,
        "busy = {need for step in plan.steps if steps[step.name].missing"
        " and steps[step.name].number == 1 for need in step.needs}",
        HISTORIES,
        "test_status.test_a_raw_file_is_kept_while_its_final_was_merely_attempted",
    ),
    bug(
        "a final is discarded like a raw file",
        "status",
        "if artifact.keep is Keep.RAW\n        and artifact.path in sightings",
        "if artifact.path in sightings",
        HISTORIES,
        "test_status.test_only_raw_files_are_ever_spent",
    ),
    bug(
        "a raw file is never discarded",
        "status",
        "spent = _spent(plan, steps, wanted, sightings)",
        "spent = ()",
        HISTORIES,
        "test_status.test_a_raw_file_is_spent_only_when_every_consumer_has_made_its_finals",
    ),
    # --- the ledger ---
    bug(
        "patience is ignored",
        "status",
        _LIVE,
        _LIVE.replace("due_at", "attempt.started_at"),
        HISTORIES,
        "test_status_ledger.test_a_started_attempt_is_running_until_its_patience_ends",
        "test_seed_reconciliation.test_a_project_started_one_second_ago_is_no_error",
    ),
    bug(
        "a stale attempt counts as live for ever",
        "status",
        _LIVE,
        _LIVE.replace("now < due_at", "due_at"),
        "test_status_ledger.test_an_old_attempt_that_never_ended_does_not_keep_a_step_busy_for_ever",
    ),
    bug(
        "tries are ignored",
        "status",
        "(failures[-1].permanent or len(failures) >= step.tries)",
        "failures[-1].permanent",
        HISTORIES,
        "test_status_ledger.test_no_try_is_left_after_as_many_failures_as_the_step_allows",
    ),
    bug(
        "a failure that is certain is tried again",
        "status",
        "(failures[-1].permanent or len(failures) >= step.tries)",
        "len(failures) >= step.tries",
        HISTORIES,
        "test_status_ledger.test_a_permanent_failure_is_not_tried_again",
    ),
    bug(
        "lost attempts count as tries",
        "status",
        "not in (Outcome.OK, Outcome.LOST)]",
        "is not Outcome.OK]",
        "test_status_ledger.test_lost_attempts_do_not_count_as_tries",
    ),
    bug(
        "a service that is away counts against the step",
        "status",
        "[a for a in setbacks if a.outcome is not Outcome.AWAY]",
        "setbacks",
        "test_status_ledger.test_attempts_that_could_not_reach_what_they_need_do_not_count_as_tries"
        "_but_wait_longer",
    ),
    bug(
        "a service that is away is asked again at once",
        "status",
        "_backoff_until(setbacks, step)",
        "_backoff_until(failures, step)",
        HISTORIES,
        "test_status_ledger.test_attempts_that_could_not_reach_what_they_need_do_not_count_as_tries"
        "_but_wait_longer",
    ),
    bug(
        "a pardon changes nothing",
        "status",
        "counted = [a for a in attempts if not a.pardoned and a.started_at is not None]",
        "counted = [a for a in attempts if a.started_at is not None]",
        "test_status_ledger.test_a_pardon_gives_a_failed_step_all_its_tries_back_at_once",
    ),
    bug(
        "whoever deletes is fed for ever",
        "status",
        "if len(made) >= VANISH_TRIES:",
        "if len(made) >= 10 * VANISH_TRIES:",
        "test_status_ledger.test_whoever_keeps_deleting_what_was_made_is_not_fed_for_ever",
    ),
    bug(
        "an effect is repeated blindly",
        "status",
        "if step.effect and _sent_without_receipt(counted):",
        "if False:",
        HISTORIES,
        "test_status_ledger.test_an_effect_without_a_receipt_is_unsure_and_is_never_repeated",
    ),
    bug(
        "an effect whose executor died is taken for not sent",
        "status",
        "return any(a.outcome not in (Outcome.FAILED, Outcome.AWAY) for a in counted)",
        "return any(a.outcome in (None, Outcome.OK) for a in counted)",
        HISTORIES,
        "test_status_ledger.test_an_effect_without_a_receipt_is_unsure_and_is_never_repeated",
    ),
    # --- the clock ---
    bug(
        "the due instant is forgotten",
        "status",
        "due_at=min(dues, default=None),",
        "due_at=None,",
        HISTORIES,
        "test_status_ledger.test_the_wait_doubles_with_each_failure_up_to_the_limit",
    ),
    bug(
        "a step that waits to be tried again is never due",
        "status",
        "return StepState(Stage.WAITING, missing, number, due_at=gate, reason=reason)",
        "return StepState(Stage.WAITING, missing, number, reason=reason)",
        HISTORIES,
        "test_status_ledger.test_a_failure_that_may_pass_is_tried_again_after_a_wait",
    ),
    bug(
        "an attempt that nobody started is never reminded",
        "reminders",
        "nudge = int(math.log2(",
        "nudge = 0 * int(math.log2(",
        HISTORIES,
        "test_status_ledger.test_a_reminder_repeats_the_attempt_that_was_not_started",
    ),
    bug(
        "a publication does not wait for its time",
        "status",
        "gate = max(step.not_before or 0.0, _backoff_until(setbacks, step))",
        "gate = _backoff_until(setbacks, step)",
        HISTORIES,
        "test_status_ledger.test_a_publication_waits_for_its_time_and_then_runs_on_every_platform",
    ),
    # --- what is done about it ---
    bug(
        "a step at work is run a second time",
        "decide",
        "(state.stage is Stage.RUNNING and state.nudge > 0)",
        "state.stage is Stage.RUNNING",
        HISTORIES,
        "test_decide.test_a_step_at_work_is_left_alone",
    ),
    # --- bursts, names, plans ---
    bug(
        "a burst is complete when its works are dispatched",
        "rollup",
        _MAKING,
        "if totals.works and totals.works >= (ordered or 0):\n        return BurstPhase.COMPLETE",
        "test_rollup.test_fault_1_the_phase_does_not_clear_when_jobs_are_only_dispatched",
    ),
    bug(
        "a burst forgets the works that do not exist yet",
        "rollup",
        _MAKING,
        "if totals.active:\n        return BurstPhase.MAKING",
        "test_rollup.test_fault_1_a_burst_whose_works_do_not_all_exist_yet_is_not_complete",
    ),
    bug(
        "a burst with a failed work is live for ever",
        "rollup",
        "still = (*SETTLED, Phase.DRAFT)",
        "still = (Phase.READY,)",
        "test_rollup.test_fault_2_it_never_sticks_in_live_after_everything_is_settled",
    ),
    bug(
        "a path may go on after its ending",
        "paths",
        "_PATTERN.fullmatch(path)",
        "_PATTERN.match(path)",
        "test_paths.test_a_path_that_nobody_built_is_not_ours",
    ),
    bug(
        "a better tool takes old objects for its own",
        "recipes.order",
        "ground = [tool, used.version, digest,",
        "ground = [tool, digest,",
        "test_recipes.test_a_better_tool_expects_other_paths_for_all_it_feeds",
    ),
    bug(
        "the edit of one slide makes every slide again",
        "recipes.order",
        "params if shared is None else shared]",
        "params]",
        "test_recipes.test_editing_one_slide_expects_another_path_for_that_slide_alone",
    ),
)
