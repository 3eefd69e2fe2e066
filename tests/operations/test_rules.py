"""How an operation moves."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_marketplace.operations.errors import OperationEnded
from aei_marketplace.operations.rules import (
    LONGEST_MESSAGE,
    Operation,
    OperationState,
    advanced,
    failed,
    succeeded,
)

THEN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = THEN + timedelta(seconds=1)
PROBLEM = {"title": "It broke", "status": 500}
QUEUED = Operation(
    id=UUID(int=1),
    tenant_id=None,
    kind="install",
    state=OperationState.QUEUED,
    progress=0.0,
    message="Waiting",
    problem=None,
    plugin_id=None,
    actor_id=None,
    created_at=THEN,
    updated_at=THEN,
)


def test_an_operation_runs_and_succeeds() -> None:
    running = advanced(QUEUED, 0.4, "Compiling", NOW)
    assert (running.state, running.progress, running.message) == (OperationState.RUNNING, 0.4, "Compiling")
    done = succeeded(running, "Installed", NOW)
    assert (done.state, done.progress, done.problem) == (OperationState.SUCCEEDED, 1.0, None)


def test_a_failed_operation_keeps_how_far_it_came_and_says_why() -> None:
    broken = failed(advanced(QUEUED, 0.4, "Compiling", NOW), PROBLEM, NOW)
    assert (broken.state, broken.progress, broken.message) == (OperationState.FAILED, 0.4, "It broke")
    assert broken.problem == PROBLEM


def test_the_same_end_said_twice_changes_nothing() -> None:
    done, broken = succeeded(QUEUED, "Installed", THEN), failed(QUEUED, PROBLEM, THEN)
    assert succeeded(done, "Installed again", NOW) is done
    assert failed(broken, {"title": "Another"}, NOW) is broken


def test_what_has_ended_does_not_move_again() -> None:
    done, broken = succeeded(QUEUED, "Installed", THEN), failed(QUEUED, PROBLEM, THEN)
    for ended in (done, broken):
        with pytest.raises(OperationEnded):
            advanced(ended, 0.5, "Once more", NOW)
    with pytest.raises(OperationEnded):
        failed(done, PROBLEM, NOW)
    with pytest.raises(OperationEnded):
        succeeded(broken, "Installed", NOW)


@given(st.lists(st.floats(allow_nan=False), max_size=10))
def test_progress_never_goes_back_and_stays_between_0_and_1(reported: list[float]) -> None:
    operation = QUEUED
    for fraction in reported:
        further = advanced(operation, fraction, "On", NOW)
        assert operation.progress <= further.progress <= 1
        operation = further


def test_progress_that_is_no_number_counts_as_none() -> None:
    assert advanced(QUEUED, float("nan"), "On", NOW).progress == 0.0


def test_a_message_is_cut_to_what_is_stored() -> None:
    assert len(advanced(QUEUED, 0.1, "x" * 5000, NOW).message) == LONGEST_MESSAGE
    assert len(succeeded(QUEUED, "x" * 5000, NOW).message) == LONGEST_MESSAGE
