"""Pages of policies: every version, one of them, and the next, which says first what it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_inspection.checks.report import Severity
from aei_marketplace.certification import service
from aei_marketplace.certification.errors import StateConflict
from aei_marketplace.certification.pages.places import CERTIFICATION, POLICIES
from aei_marketplace.certification.rules.builtin import KNOWN_CHECKS
from aei_marketplace.certification.rules.policies import Terms, TermsChange, changes_of_terms, check_terms
from aei_marketplace.certification.service import Policy, PolicyVersion
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

_NEXT = POLICIES + "/next"
_OPERATE, _DECIDE = "policy.operate", "certification.decide"
_CRUMBS = (("Certification", CERTIFICATION), ("Policies", POLICIES))
_LISTS = ("required", "where_possible", "publish_required")
_NUMBERS = ("valid_days", "fresh_hours")
DECISIONS = (
    ("one", "One Certifier decides"),
    ("two", "Two Certifiers approve, one denies"),
    ("automatic", "The policy decides by itself; people decide what could not be checked"),
)
ON_ERROR = (
    ("hold", "Hold the release, and try the scan again"),
    ("list", "List the release, and quarantine it if a later scan finds something"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesPage(PageContext):
    """Every version, the one in force first; `changes` whether the reader may make the next."""

    versions: Sequence[PolicyVersion]
    changes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPage(PageContext):
    """One version; `titles` of all checks, by id."""

    version: PolicyVersion
    titles: Mapping[str, str]
    changes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NextPolicyPage(PageContext):
    """The next version as a form.

    Attributes:
        present: what it is made from.
        differences: what the form would change; None before anybody asked.
    """

    form: Form
    present: Policy
    titles: Mapping[str, str]
    severities: Sequence[str]
    decisions: Sequence[tuple[str, str]]
    on_error: Sequence[tuple[str, str]]
    differences: Sequence[TermsChange] | None


@router.get(POLICIES)
async def show_policies(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Every version of the policy, for staff who certify or operate."""
    async with deps.works.begin(actor, trace) as work:
        _require_staff(work)
        versions = await service.list_policies(work)
    page = PoliciesPage(title="Policies", crumbs=_CRUMBS[:1], versions=versions, changes=actor.may(_OPERATE))
    return await render(request, "certification/policies.html", page)


@router.get(_NEXT)
async def show_next(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The policy in force as a form, from which the next is made."""
    async with deps.works.begin(actor, trace) as work:
        work.actor.require(_OPERATE)
        present = await service.policy_in_force(work)
    return await _form_page(request, present, filled_with(present.terms))


@router.post(_NEXT)
async def make_next(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Show what the next version changes; put it in force once that was confirmed."""
    async with deps.works.begin(actor, trace) as work:
        work.actor.require(_OPERATE)
        present = await service.policy_in_force(work)
    try:
        document = document_of(form)
        terms = check_terms(document, KNOWN_CHECKS)
        if form.text("step") != "save":
            return await _form_page(request, present, form, changes_of_terms(present.terms, terms))
        async with deps.works.begin(actor, trace) as work:
            made = await service.change_policy(work, document, _number(form, "seen"))
    except (Invalid, StateConflict) as refusal:
        return await _form_page(request, present, form.refused(refusal), refusal=refusal)
    response = RedirectResponse(POLICIES, 303)
    leave_flash(request, response, Flash(f"Policy {made.number} is in force."))
    return response


@router.get(POLICIES + "/{number}")
async def show_policy(
    number: int, request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One version, for staff who certify or operate."""
    async with deps.works.begin(actor, trace) as work:
        _require_staff(work)
        version = await service.find_policy(work, number)
    page = PolicyPage(
        title=f"Policy {number}",
        crumbs=_CRUMBS,
        version=version,
        titles=KNOWN_CHECKS,
        changes=actor.may(_OPERATE) and version.in_force,
    )
    return await render(request, "certification/policy.html", page)


def filled_with(terms: Terms) -> Form:
    """The form that shows a policy."""
    said = msgspec.to_builtins(terms)
    values = {name: tuple(said[name]) for name in _LISTS}
    values |= {name: (str(said[name]),) for name in (*_NUMBERS, "decision", "publish_on_error")}
    values |= {f"tolerated_{name}": (str(most),) for name, most in said["tolerated"].items()}
    return Form(values)


def document_of(form: Form) -> dict[str, Any]:
    """A form as `service.change_policy` takes it.

    Raises:
        Invalid: a number is none.
    """
    document: dict[str, Any] = {name: list(form.every(name)) for name in _LISTS}
    document["where_possible"] = [c for c in document["where_possible"] if c not in document["required"]]
    document |= {name: form.text(name) for name in ("decision", "publish_on_error")}
    document |= {name: _number(form, name) for name in _NUMBERS}
    document["tolerated"] = {
        str(severity): _number(form, f"tolerated_{severity}")
        for severity in Severity
        if form.text(f"tolerated_{severity}")
    }
    return document


def _number(form: Form, name: str) -> int:
    text = form.text(name)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise amiss(name, "a whole number")
    return int(text)


def _require_staff(work: Work) -> None:
    """Stop here unless the actor certifies, or makes policies.

    Raises:
        NotAllowed: neither.
    """
    if not work.actor.may(_OPERATE):
        work.actor.require(_DECIDE)


async def _form_page(
    request: Request,
    present: Policy,
    form: Form,
    differences: Sequence[TermsChange] | None = None,
    refusal: Refusal | None = None,
) -> Response:
    page = NextPolicyPage(
        title=f"Policy {present.number + 1}",
        crumbs=_CRUMBS,
        form=form,
        present=present,
        titles=KNOWN_CHECKS,
        severities=[str(severity) for severity in reversed(Severity)],
        decisions=DECISIONS,
        on_error=ON_ERROR,
        differences=differences,
    )
    return await render(request, "certification/next_policy.html", page, refusal.status if refusal else 200)
