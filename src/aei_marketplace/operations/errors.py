"""Refusals of the operations."""

from aei_marketplace.ground.errors import Conflict, NotFound


class OperationNotFound(NotFound):
    """There is no such operation, or it belongs to another tenant."""

    type = "operation-not-found"


class OperationEnded(Conflict):
    """The operation has ended, and what has ended does not move again."""

    type = "operation-ended"
    advice = "Start a new one."


class JobNotFound(NotFound):
    """There is no job that gave up under this id."""

    type = "job-not-found"
    title = "No such job"
    advice = "Somebody else may have retried it; look at the queue again."
