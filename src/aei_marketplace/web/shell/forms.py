"""Forms: read within limits, checked against forgery, done once, shown again with what was wrong."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.responses import RedirectResponse

from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.ground.errors import Conflict, Fault, Invalid, Refusal, TooLarge
from aei_marketplace.web.idempotency import answer_once
from aei_marketplace.web.requests import visitor_of
from aei_marketplace.web.visits import visit_of

LARGEST_FORM = 256 * 1024
MOST_FIELDS = 500
#: The hidden field that makes a second click on the same form harmless.
ONCE_FIELD = "form_once"
_MEDIA_TYPE = "application/x-www-form-urlencoded"

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class FormTooLarge(TooLarge):
    """The form holds more than any form of ours."""

    type = "form-too-large"
    advice = "Shorten what you typed and send it again."


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed, and what is wrong with it; empty when it has not been sent yet.

    Attributes:
        values: every value of each field, in order.
        errors: what is wrong with a field, by its name.
        refusal: what is wrong with the whole, in a sentence.
        advice: what to do about it.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    refusal: str | None = None
    advice: str = ""

    def text(self, name: str, otherwise: str = "") -> str:
        """The field's value, without blanks around it."""
        given = self.values.get(name)
        return given[-1].strip() if given else otherwise

    def secret(self, name: str) -> str:
        """The field's value exactly as it was typed, for passwords."""
        given = self.values.get(name)
        return given[-1] if given else ""

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a field that may be ticked several times."""
        return self.values.get(name, ())

    def ticked(self, name: str) -> bool:
        """Whether a checkbox was ticked."""
        return name in self.values

    def uuid(self, name: str) -> UUID:
        """The field's value as an id.

        Raises:
            Invalid: it is not one.
        """
        try:
            return UUID(self.text(name))
        except ValueError as error:
            raise Invalid("The form names nothing that exists.", faults=[Fault(name, "not an id")]) from error

    def refused(self, refusal: Refusal) -> "Form":
        """The same form, to be shown again with what was wrong."""
        errors = {fault.pointer.strip("/").split("/")[0]: fault.message for fault in refusal.faults}
        # "Correct what `errors` names" is for programs; on a page each error stands beside its field.
        advice = "" if refusal.faults else refusal.next_step
        return replace(self, errors=errors, refusal=refusal.detail, advice=advice)

    def renamed(self, names: Mapping[str, str]) -> "Form":
        """The same form, where a service calls a field otherwise than the page does."""
        return replace(self, errors={names.get(name, name): text for name, text in self.errors.items()})


def filled(**values: str | tuple[str, ...]) -> Form:
    """A form that shows these values before anything was typed."""
    return Form({name: (v,) if isinstance(v, str) else v for name, v in values.items()})


def amiss(name: str, message: str) -> Invalid:
    """The refusal of a form for one of its fields."""
    return Invalid("The form has a problem.", faults=[Fault(name, message)])


class SentBefore(Conflict):
    """The form was sent before, and what it asked for was done then."""

    type = "form-sent-before"
    advice = "Look at the page again: it shows what came of it. To do it once more, use a fresh form."


class WhereItLed:
    """Remembers where a form led, and never a page: one may show a secret this once."""

    def keep(self, response: Response) -> dict[str, Any] | None:
        """The place that a redirect names, or that there was a page."""
        if response.status_code >= 400:
            return None
        place = response.headers.get("location", "")
        return {"status": response.status_code, "media_type": None, "body": place.encode()}

    def replay(self, row: Any) -> Response:
        """Lead there again.

        Raises:
            SentBefore: the first answer was a page of its own.
        """
        if not row.body:
            raise SentBefore("You sent this form before.")
        return RedirectResponse(row.body.decode(), row.status)


class FormRoute(APIRoute):
    """A page's route: what is posted to it comes from our own form, and happens once."""

    def get_route_handler(self) -> Handler:
        """Wrap the route's handler."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if request.method != "POST":
                return await handler(request)
            # Whoever asks is found first: that is where the form's token is checked.
            actor = await visitor_of(request)
            once = (await form_of(request)).text(ONCE_FIELD)
            if actor is ANONYMOUS:
                visit_of(request)  # without a session, the form's origin is what can be checked
            if actor is ANONYMOUS or not once:
                return await handler(request)
            return await answer_once(request, actor, once, handler, WhereItLed())

        return handle


async def form_of(request: Request) -> Form:
    """The form that was sent.

    Raises:
        Invalid: it is not one.
        FormTooLarge: it is beyond all limits.
    """
    known: Form | None = getattr(request.state, "form", None)
    if known is None:
        known = read_form(request.headers.get("content-type", ""), await _body(request))
        request.state.form = known
    return known


def read_form(content_type: str, body: bytes) -> Form:
    """A form from the body that a browser sends.

    Raises:
        Invalid: the body is of another type, not UTF-8, or holds a zero byte or far too many fields.
    """
    if content_type.partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise Invalid("The form was sent in another way than our pages send it.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(body),
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise Invalid("The form cannot be read.") from error
    if any("\0" in text for pair in pairs for text in pair):
        raise Invalid("The form holds a zero byte.")
    values: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        values[name] = (*values.get(name, ()), value.replace("\r\n", "\n"))
    return Form(values)


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if not announced.isdigit() or int(announced) > LARGEST_FORM:
        raise FormTooLarge(f"A form has at most {LARGEST_FORM} bytes and says how many.")
    return await request.body()


TheForm = Annotated[Form, Depends(form_of)]
