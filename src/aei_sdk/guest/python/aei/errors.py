"""Errors that a call to the host can end in, and the one that a plugin raises itself."""

import json


class Failed(Exception):
    """Raise this to end the execution with an error in plain words."""


class HostError(Exception):
    """The host could not do what was asked; `code` is its word for why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Denied(HostError):
    """It is not granted. The denial is recorded."""


class Invalid(HostError):
    """The request makes no sense."""


class NotFound(HostError):
    """There is no such file."""


class Timeout(HostError):
    """The other side took too long."""


class TooLarge(HostError):
    """The response is larger than a plugin may receive."""


class Quota(HostError):
    """The file area is full."""


class Budget(HostError):
    """The execution's budget for this kind of call is spent."""


class Unavailable(HostError):
    """The other side could not be reached, or failed."""


_KINDS = {
    "denied": Denied,
    "invalid": Invalid,
    "not_found": NotFound,
    "timeout": Timeout,
    "too_large": TooLarge,
    "quota": Quota,
    "budget": Budget,
}


def raised_from(text: str) -> HostError:
    """The error for the host's `{"code": …, "message": …}`."""
    answer = json.loads(text)
    code = str(answer.get("code", "failed"))
    return _KINDS.get(code, Unavailable)(code, str(answer.get("message", "")))
