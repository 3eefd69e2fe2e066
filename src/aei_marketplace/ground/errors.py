"""Refusals: classes with a status and advice, rendered once (see `web.problems`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer or a name) and what."""

    pointer: str
    message: str
    code: str = "invalid"


class Refusal(Exception):
    """The marketplace says no, for a reason that the caller can act on.

    Attributes:
        status: the HTTP status.
        type: a stable name for programs, rendered as the problem's `type`.
        title: what happened, in a few words.
        advice: what the caller can do next.
        retry: whether the same request may succeed later.
        extensions: further members of the problem document (RFC 9457, section 3.2), JSON values.
    """

    status: ClassVar[int] = 400
    type: ClassVar[str] = "refused"
    title: ClassVar[str] = "The request was refused"
    advice: ClassVar[str] = ""
    retry: ClassVar[bool] = False

    def __init__(self, detail: str, *, faults: Sequence[Fault] = (), advice: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)
        self.next_step = type(self).advice if advice is None else advice
        self.headers: dict[str, str] = {}
        self.extensions: Mapping[str, object] = {}


class Invalid(Refusal):
    """The request is malformed or breaks a rule about its content."""

    status = 422
    type = "invalid"
    title = "The request has problems"
    advice = "Correct what `errors` names and send the request again."


class Denial(Refusal):
    """A refusal for lack of rights. Every denial becomes an audit entry, once.

    Attributes:
        recorded: whether that has happened.
    """

    recorded = False


class NotSignedIn(Denial):
    """No valid proof of who is asking."""

    status = 401
    type = "not-signed-in"
    title = "Sign in first"
    advice = "Send `Authorization: Bearer <token>`; `aei login` stores a token."


class NotAllowed(Denial):
    """The caller is known and lacks an action."""

    status = 403
    type = "not-allowed"
    title = "Not allowed"
    advice = "Ask an Admin of your tenant for a role that grants it."


class NotFound(Refusal):
    """There is no such thing, or none that the caller may know of."""

    status = 404
    type = "not-found"
    title = "Not found"
    advice = "Check the name; what is private to others is not shown."


class Conflict(Refusal):
    """The request does not fit the present state."""

    status = 409
    type = "conflict"
    title = "Conflicts with the present state"


class TooLarge(Refusal):
    """The request is larger than what is taken."""

    status = 413
    type = "too-large"
    title = "Too large"


class TooMany(Refusal):
    """More requests than the caller may send now.

    Args:
        retry_after: seconds until the next attempt makes sense.
    """

    status = 429
    type = "too-many-requests"
    title = "Too many requests"
    retry = True

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, advice=f"Try again in {retry_after} s.")
        self.headers = {"Retry-After": str(retry_after)}


class Unavailable(Refusal):
    """Something that the request needs does not answer now."""

    status = 503
    type = "unavailable"
    title = "Not available right now"
    advice = "Try again shortly; if it lasts, the operator's log says more."
    retry = True
