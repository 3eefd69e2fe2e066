"""Where plugins run."""

from typing import Literal, Protocol

from aei_protocol.messages import (
    Ended,
    Execute,
    Hello,
    LogLine,
    PluginAnswer,
    PluginWanted,
    Prepared,
    Progress,
    Status,
    Usage,
)

PluginFailure = Literal["denied", "invalid", "budget", "failed"]


class Listener(Protocol):
    """Who is told what an execution does while it runs."""

    def progress(self, message: Progress) -> None:
        """The guest reported progress."""
        ...

    def log(self, line: LogLine) -> None:
        """The guest wrote a line."""
        ...

    async def call_plugin(self, wanted: PluginWanted) -> PluginAnswer:
        """The guest calls another plugin; what goes wrong is told in the answer.

        When the waiting task is cancelled, the caller has ended, and so must what it called.
        """
        ...


class Secrets(Protocol):
    """Who answers a guest that holds the grant for a secret."""

    async def value(self, tenant: str, name: str) -> str | None:
        """The secret's value in that tenant, or None."""
        ...


def plugin_failure(call: int, code: PluginFailure, message: str, usage: Usage | None = None) -> PluginAnswer:
    """A typed error; see `wit/plugins.wit`."""
    return PluginAnswer(call, None, code, message, usage or Usage())


class Sandbox(Protocol):
    """Where plugins run: one host here, several in a fleet."""

    async def hello(self) -> Hello:
        """Who answers, and which walls stand.

        Raises:
            SandboxGone: nobody answers.
        """
        ...

    async def prepare(self, component: str, interfaces: tuple[str, ...], content: bytes = b"") -> Prepared:
        """Have a component compiled, or learn that it is.

        Raises:
            SandboxRefused: the host says no; its code says why.
            SandboxGone: the connection broke.
        """
        ...

    async def execute(self, task: Execute, listener: Listener) -> Ended:
        """Run one task, once.

        Raises:
            SandboxRefused: it never started.
            SandboxGone: the connection broke; whether it ran is unknown.
        """
        ...

    async def cancel(self, execution: str) -> None:
        """End a running execution now."""
        ...

    async def retire(self, component: str, tenant: str | None = None) -> None:
        """Let go of the idle workers of a component."""
        ...

    async def forget(self, tenant: str, installation: str) -> None:
        """Have the files removed that an installation kept; no error when there are none.

        Raises:
            SandboxRefused: they are still there.
            SandboxGone: nobody answers; whether they are removed is unknown.
        """
        ...

    async def status(self) -> Status:
        """How the host is."""
        ...


class SandboxRefused(Exception):
    """The sandbox host refused; `code` as in `aei_protocol.messages.Refused`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class SandboxGone(Exception):
    """The sandbox host does not answer, or went away."""
