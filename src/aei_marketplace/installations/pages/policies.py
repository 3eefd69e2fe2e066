"""Page: the tenant's policies, with what a change would stop before it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog.rules.searching import KINDS
from aei_marketplace.ground.errors import Fault, Invalid, Refusal
from aei_marketplace.installations import service
from aei_marketplace.installations.errors import PoliciesStale
from aei_marketplace.installations.pages.bounds import (
    LIMITS,
    Bound,
    bounds_below,
    is_number,
    shown_limits,
)
from aei_marketplace.installations.rules.updates import Updates
from aei_marketplace.installations.service import TenantPolicies, Touched
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_protocol.limits import ALLOWANCE_NAMES, Limits
from aei_protocol.permissions import INTERFACE_OF

router = APIRouter(route_class=FormRoute, include_in_schema=False)

POLICIES = "/admin/policies"
_AGE = "minimum_release_age_hours"
#: What is chosen from a list; nothing chosen takes the decision back.
_CHOSEN = ("updates", "affected_releases", "uncertified_releases")


@dataclass(frozen=True, slots=True)
class Word:
    """A kind or a permission, and what ticking it means."""

    name: str
    label: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesPage(PageContext):
    """The policies as a form.

    Attributes:
        etag: of the policies that the form was filled with; what others changed since is kept.
        touched: what the change in the form would stop or allow again; None before anybody asked.
    """

    form: Form
    etag: str
    limits: tuple[Bound, ...]
    allowance: tuple[Bound, ...]
    touched: tuple[Touched, ...] | None = None
    modes: tuple[tuple[str, str], ...] = ()
    affected: tuple[tuple[str, str], ...] = ()
    kinds: tuple[Word, ...] = ()
    permissions: tuple[Word, ...] = ()
    stopped: tuple[Touched, ...] = field(default=())


#: How automatic updates read in a list.
MODES = (
    ("", "No policy: each installation says so itself"),
    (Updates.OFF, "Off: a person decides"),
    (Updates.SECURITY, "Security releases that stay compatible"),
    (Updates.COMPATIBLE, "Compatible releases"),
    (Updates.ALL, "Every release"),
)
#: How the policy about releases that an advisory concerns reads in a list.
AFFECTED = (
    ("", "No policy: whoever installs one is warned"),
    ("warn", "Warn whoever installs one"),
    ("refuse", "Refuse them, by their exact version too"),
)
KIND_WORDS = (
    Word("agent", "Agents", "Pursue a goal over several steps."),
    Word("model", "Models", "Answer as a model does."),
    Word("tool", "Tools", "Do one thing with what they are given."),
    Word("scanner", "Scanners", "Look through text or data for something."),
)
PERMISSION_WORDS = (
    Word("network", "Network", "Reach hosts outside."),
    Word("filesystem", "Files", "Keep files of their own."),
    Word("models", "Models", "Ask your model endpoints."),
    Word("secrets", "Secrets", "Read secrets by name."),
)
assert {w.name for w in KIND_WORDS} == set(KINDS)
assert {w.name for w in PERMISSION_WORDS} == set(INTERFACE_OF)

_ALLOWANCE = {
    "concurrency": "At once",
    "executions_per_minute": "Each minute, on average",
    "executions_burst": "At once after a pause",
}


@router.get(POLICIES)
async def show_policies(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The policies."""
    async with deps.works.begin(actor, trace) as work:
        present = await service.read_policies(work, deps)
    return await _page(request, present, filled_with(present.shown), present.etag)


@router.post(POLICIES)
async def change_policies(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Show what the change would touch; carry it out when it stops nothing, or that was confirmed."""
    async with deps.works.begin(actor, trace) as work:
        present = await service.read_policies(work, deps)
    try:
        change = wanted_change(form, present.shown)
        async with deps.works.begin(actor, trace) as work:
            touched = await service.preview_policies(work, change)
        if form.text("step") == "preview" or not agreed(form, touched):
            return await _page(request, present, form, form.text("seen"), touched=touched)
        async with deps.works.begin(actor, trace) as work:
            await service.change_policies(work, deps, change, form.text("seen") or None)
    except PoliciesStale as refusal:
        return await _page(
            request, present, filled_with(present.shown).refused(refusal), present.etag, refusal
        )
    except Invalid as refusal:
        shown = form.refused(refusal).renamed({"allow": "allow_publishers", "deny": "deny_publishers"})
        return await _page(request, present, shown, form.text("seen"), refusal)
    response = RedirectResponse(POLICIES, 303)
    leave_flash(request, response, Flash("The policies hold from now on, for installations and executions."))
    return response


def agreed(form: Form, touched: tuple[Touched, ...]) -> bool:
    """Whether everything that the change stops was shown to whoever sends the form, and confirmed."""
    stopped = {each.plugin_id for each in touched if each.grounds}
    return not stopped or (form.text("step") == "confirmed" and stopped <= set(form.every("agreed")))


def filled_with(shown: Mapping[str, Any]) -> Form:
    """The form that shows a tenant's policies."""
    allow, deny, limits = shown["allow"], shown["deny"], shown_limits(shown["limits"])
    numbers = {name: limits.get(name) for name, *_ in LIMITS}
    numbers |= {name: shown[name] for name in (*ALLOWANCE_NAMES, _AGE)}
    values: dict[str, tuple[str, ...]] = {
        name: ("" if number is None else str(number),) for name, number in numbers.items()
    }
    for part, words in (("kinds", KIND_WORDS), ("permissions", PERMISSION_WORDS)):
        values[part] = admitted(allow.get(part, ()), deny.get(part, ()), words)
    values["allow_publishers"] = ("\n".join(allow.get("publishers", ())),)
    values["deny_publishers"] = ("\n".join(deny.get("publishers", ())),)
    values |= {name: (shown[name] or "",) for name in _CHOSEN}
    return Form(values)


def admitted(allow: Any, deny: Any, words: tuple[Word, ...]) -> tuple[str, ...]:
    """Which kinds or permissions two lists let pass."""
    return tuple(w.name for w in words if (not allow or w.name in allow) and w.name not in deny)


def wanted_change(form: Form, shown: Mapping[str, Any]) -> dict[str, Any]:
    """The merge patch that turns what was shown into what the form says; what was left alone is not in it.

    Raises:
        Invalid: a number is none; every such field is named.
    """
    before = filled_with(shown)
    numbers = _numbers(form, before)
    change: dict[str, Any] = {name: numbers[name] for name in (*ALLOWANCE_NAMES, _AGE) if name in numbers}
    if limits := {name: numbers[name] for name, *_ in LIMITS if name in numbers}:
        change["limits"] = {**limits, **({"memory_bytes": None} if "memory_mib" in limits else {})}
    change |= {name: form.text(name) or None for name in _CHOSEN if form.text(name) != before.text(name)}
    allow, deny = _list_changes(form, before)
    return change | ({"allow": allow} if allow else {}) | ({"deny": deny} if deny else {})


def _list_changes(form: Form, before: Form) -> tuple[dict[str, Any], dict[str, Any]]:
    allow: dict[str, Any] = {}
    deny: dict[str, Any] = {}
    for part, words in (("kinds", KIND_WORDS), ("permissions", PERMISSION_WORDS)):
        ticked = form.every(part)
        if set(ticked) != set(before.every(part)):
            allow[part], deny[part] = None, [w.name for w in words if w.name not in ticked] or None
    for lists, name in ((allow, "allow_publishers"), (deny, "deny_publishers")):
        if (names := _lines(form, name)) != _lines(before, name):
            lists["publishers"] = names or None
    return allow, deny


def _lines(form: Form, name: str) -> list[str]:
    """One name a line; people also write commas."""
    return sorted(set(form.text(name).replace(",", " ").split()))


def _numbers(form: Form, before: Form) -> dict[str, int | None]:
    """The numbers that were changed; None for one that was emptied."""
    names = (*(name for name, *_ in LIMITS), *ALLOWANCE_NAMES, _AGE)
    changed = {name: form.text(name) for name in names if form.text(name) != before.text(name)}
    faults = [
        Fault(name, "a whole number, or nothing to leave it to the operator")
        for name, text in changed.items()
        if text and not is_number(text, least=0 if name == _AGE else 1)
    ]
    if faults:
        raise Invalid("The policies are not understood.", faults=faults)
    return {name: int(text) if text else None for name, text in changed.items()}


async def _page(
    request: Request,
    present: TenantPolicies,
    form: Form,
    etag: str,
    refusal: Refusal | None = None,
    *,
    touched: tuple[Touched, ...] | None = None,
) -> Response:
    operator = present.shown["operator"]
    page = PoliciesPage(
        title="Policies",
        form=form,
        etag=etag,
        limits=bounds_below(Limits(**operator["limits"])),
        allowance=tuple(Bound(name, label, "", operator[name]) for name, label in _ALLOWANCE.items()),
        touched=touched,
        stopped=tuple(each for each in touched or () if each.grounds),
        modes=MODES,
        affected=AFFECTED,
        kinds=KIND_WORDS,
        permissions=PERMISSION_WORDS,
    )
    return await render(request, "installations/policies.html", page, refusal.status if refusal else 200)
