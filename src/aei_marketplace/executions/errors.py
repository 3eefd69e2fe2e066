"""Why an execution is refused."""

from uuid import UUID

from aei_marketplace.ground.errors import (
    Conflict,
    Fault,
    Invalid,
    NotFound,
    Refusal,
    TooLarge,
    TooMany,
    Unavailable,
)


class Malformed(Refusal):
    """The body is not JSON."""

    status = 400
    type = "malformed-json"
    title = "The body is not JSON"
    advice = 'Send a JSON object such as {"task": {}}.'


class Outdated(Conflict):
    """Token, installation or policies changed while the execution was about to start."""

    type = "terms-changed"
    title = "What applies has just changed"
    advice = "Send the request again."
    retry = True


class TaskUnfit(Invalid):
    """The task does not satisfy the release's `input_schema`."""

    type = "task-unfit"
    title = "The task does not fit the plugin"
    advice = "Correct what `errors` names; the listing shows the schema and examples."


class TaskTooLarge(TooLarge):
    """The task is larger than the installation takes."""

    type = "task-too-large"
    advice = "Send less at once, or ask an Admin whether the limit may be higher."


class NotInstalled(NotFound):
    """The tenant has no installation of the plugin."""

    type = "not-installed"
    title = "Not installed"


class InstallationDisabled(Conflict):
    """The installation is switched off."""

    type = "installation-disabled"
    title = "The installation is disabled"


class NotAdmitted(Conflict):
    """The admission rule says no."""

    type = "not-admitted"
    title = "This release may not run"
    advice = "Update to another release, or ask who published it."


class TooManyRunning(TooMany):
    """As many executions run as may run at once."""

    type = "too-many-running"
    title = "Too many executions at once"


class TooFast(TooMany):
    """The tenant starts executions faster than it may."""

    type = "too-fast"
    title = "Too many executions in too short a time"


class QueueFull(TooMany):
    """The sandbox lets no more executions wait, or this one any longer; it is recorded, and nothing ran."""

    type = "sandbox-busy"
    title = "The sandbox is busy"

    def __init__(self, execution: UUID, why: str) -> None:
        super().__init__(f"Execution {execution} was recorded and nothing ran: {why}.", retry_after=1)


class NeverStarted(Unavailable):
    """The sandbox took the execution not even on; it is recorded, and nothing ran."""

    type = "execution-not-started"
    title = "The sandbox could not start the execution"

    def __init__(self, execution: UUID, why: str) -> None:
        super().__init__(f"Execution {execution} was recorded and nothing ran: {why}.")
        self.headers = {"Retry-After": "1"}


class NotReady(Unavailable):
    """This process may not start executions right now."""

    type = "executions-not-ready"
    title = "Executions cannot start right now"


class TooDeep(Conflict):
    """Plugins that call each other do so too deeply, or in a circle."""

    type = "too-deep"
    title = "Plugins call each other too deeply"


class NoSuchModel(NotFound):
    """The tenant has no installed plugin of kind `model` under this name."""

    type = "model-not-found"
    title = "No such model"
    advice = "GET /v1/models lists the models; their names are plugin ids."


class ModelFailed(Refusal):
    """The execution of a model plugin ended without an answer."""

    status = 502
    type = "model-failed"
    title = "The model gave no answer"
    advice = "The execution's record and log say more."

    def __init__(self, execution: UUID, why: str) -> None:
        super().__init__(f"Execution {execution}: {why}.")


class ModelAnswerUnfit(ModelFailed):
    """A model plugin answered with something else than its kind promises."""

    type = "model-answer-unfit"
    title = "The model's answer has another shape"
    advice = "Tell the plugin's publisher."


class NoSuchExecution(NotFound):
    """There is no such execution, or none that the caller may see."""

    type = "no-such-execution"
    title = "No such execution"
    advice = "Check the id; a role without execution.read_all sees its own executions only."


class StillRunning(Conflict):
    """Only what has ended can be replayed."""

    type = "still-running"
    title = "The execution still runs"
    advice = "Wait for its end, or cancel it."
    retry = True


class NoJournal(Conflict):
    """The execution left nothing that a replay could be answered from."""

    type = "no-journal"
    title = "There is no journal of this execution"
    advice = (
        "Journals are kept for 30 days, of try-outs always and of an installation whose policy says "
        '{"journal": true}.'
    )


class JournalUnreadable(Conflict):
    """A journal is there and does not open."""

    type = "journal-unreadable"
    title = "The journal cannot be read"
    advice = "The marketplace's master key has changed, or its database was: ask the operator."


class AlreadyEnded(Conflict):
    """What has ended cannot be cancelled."""

    type = "already-ended"
    title = "The execution has ended"
    advice = "Read its outcome with GET."


class NotHere(Conflict):
    """Another process runs the execution."""

    type = "running-elsewhere"
    title = "Another process runs this execution"
    advice = "Send the request again; it may reach the right process."
    retry = True


def unfit(pointer: str, message: str) -> Invalid:
    """A request whose body has the wrong shape at one place."""
    return Invalid("The request does not describe an execution.", faults=[Fault(pointer, message)])
