"""What an audit page is narrowed to: read from its address, where it can be shared."""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import Request

from aei_marketplace.audit.service import Wanted
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.web.shell.forms import Form

NAMES = ("actor", "action", "resource", "tenant", "since", "until", "q")


def form_of(request: Request) -> Form:
    """The filters as they stand in the address; the last of each counts."""
    given = {name: request.query_params.get(name, "").strip()[:300] for name in NAMES}
    return Form({name: (value,) for name, value in given.items() if value})


def wanted_of(form: Form) -> Wanted:
    """Which entries the filters want.

    Raises:
        Invalid: some cannot be read; every such one is named.
    """
    faults: list[Fault] = []
    wanted = Wanted(
        actor=_id(form, "actor", faults),
        action=form.text("action") or None,
        resource=form.text("resource") or None,
        since=_moment(form, "since", faults),
        until=_moment(form, "until", faults),
        tenant=_id(form, "tenant", faults),
        text=form.text("q") or None,
    )
    if len(form.text("q")) == 1:
        faults.append(Fault("q", "at least two letters"))
    if any("\0" in form.text(name) for name in NAMES):
        faults.append(Fault("q", "no zero bytes"))
    if faults:
        raise Invalid("The log cannot be searched for this.", faults=faults)
    return wanted


def _id(form: Form, name: str, faults: list[Fault]) -> UUID | None:
    if not form.text(name):
        return None
    try:
        return UUID(form.text(name))
    except ValueError:
        faults.append(Fault(name, "an id, as entries show it"))
        return None


def _moment(form: Form, name: str, faults: list[Fault]) -> datetime | None:
    if not form.text(name):
        return None
    try:
        moment = datetime.fromisoformat(form.text(name))
    except ValueError:
        faults.append(Fault(name, "a time such as 2026-11-22T17:45"))
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
