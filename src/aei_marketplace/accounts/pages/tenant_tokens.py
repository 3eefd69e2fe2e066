"""Pages: every token and every service account of the tenant, for who administers tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.errors import BeyondOwnRights, NoSuchToken
from aei_marketplace.accounts.pages.tokens import LIFETIMES
from aei_marketplace.accounts.pages.words import ACTION_WORDS, ActionWords
from aei_marketplace.accounts.rules import check_name
from aei_marketplace.accounts.service import Token
from aei_marketplace.ground.actor import PUBLISH, Actor, ProofNeeded
from aei_marketplace.ground.errors import Fault, Invalid, NotAllowed, Refusal
from aei_marketplace.ground.work import Work
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

TOKENS = "/admin/tokens"
FRESH = filled(days="30", scope=("plugin.browse",))
#: The states that a list can be narrowed to.
STATES = ("valid", "expired", "revoked")


@dataclass(frozen=True, slots=True)
class TenantToken:
    """A token as an administrator sees it.

    Attributes:
        owner: what they are called; None where the actor may not know.
        reach: what it may do, in words.
    """

    id: UUID
    name: str
    owner: str | None
    own: bool
    reach: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantTokensPage(PageContext):
    """The tenant's tokens.

    Attributes:
        total: in all states.
        state: the one that is shown alone; None for all.
        secret: of the token that was issued just now; shown this once.
        services: accounts that only programs act as; None for who does not administer members.
        roles: the names of those that a service can have.
        adding: the form that adds a service account.
    """

    tokens: tuple[TenantToken, ...]
    total: int
    state: str | None
    address: Address
    secret: str | None = None
    services: tuple[dict[str, Any], ...] | None = None
    roles: tuple[str, ...] = ()
    adding: Form = field(default_factory=Form)
    states: tuple[str, ...] = STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTokenPage(PageContext):
    """The form of a token for oneself, another member or a service."""

    form: Form
    owners: tuple[tuple[str, str], ...]
    actions: tuple[ActionWords, ...]
    lifetimes: tuple[tuple[str, str], ...] = LIFETIMES


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPage(PageContext):
    """One token, and the way to take it back."""

    token: TenantToken


@router.get(TOKENS)
async def list_tokens(request: Request, actor: TheActor, state: str | None = None) -> Response:
    """The tenant's tokens, the newest first."""
    return await _list_page(request, actor, state)


@router.get(TOKENS + "/new")
async def new_token(request: Request, actor: TheActor, owner: UUID | None = None) -> Response:
    """The form of a new token; `owner` is whom it begins with."""
    fresh = {**FRESH.values, **({"owner": (str(owner),)} if owner else {})}
    return await _form_page(request, actor, Form(fresh))


@router.post(TOKENS + "/services")
async def add_service(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Add an account that only programs act as, with a role; its tokens are issued afterwards."""
    try:
        async with deps.works.begin(actor, trace) as work:
            work.actor.require("token.administer")
            work.actor.require_recent_proof(work.now)
            user_id = await service.create_user(work, name=check_name(form.text("name")), service=True)
            await service.add_member(work, user_id, form.text("role"))
    except (Invalid, BeyondOwnRights) as refusal:
        await note_denial(request, refusal)
        return await _list_page(request, actor, None, adding=form.refused(refusal), refusal=refusal)
    response = RedirectResponse(f"{TOKENS}/new?owner={user_id}", 303)
    leave_flash(request, response, Flash(f"{form.text('name')} is added. Issue the token that it acts with."))
    return response


@router.post(TOKENS)
async def issue_token(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Issue a token; the page that answers is the only one that ever shows it."""
    actor.require("token.administer")
    try:
        name, scopes, days, owner = read_token_form(form)
        async with deps.works.begin(actor, trace) as work:
            token = await service.issue_token(
                work, name=name, scopes=scopes, lifetime=timedelta(days=days), owner=owner
            )
    except ProofNeeded:
        raise
    except (Invalid, NotAllowed, BeyondOwnRights) as refusal:
        await note_denial(request, refusal)
        shown = form.refused(refusal).renamed({"scopes": "scope"})
        return await _form_page(request, actor, shown, refusal)
    return await _list_page(request, actor, None, secret=token.secret)


@router.get(TOKENS + "/{token_id}")
async def show_token(
    request: Request, token_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One token."""
    async with deps.works.begin(actor, trace) as work:
        found = [token for token in await _tokens(work) if token.id == token_id]
    if not found:
        raise NoSuchToken("There is no such token in your tenant.")
    page = TokenPage(title=found[0].name, crumbs=(("Tokens", TOKENS),), token=found[0])
    return await render(request, "accounts/tenant_token.html", page)


@router.post(TOKENS + "/{token_id}/revoke")
async def revoke_token(
    request: Request, token_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take a token back."""
    actor.require("token.administer")
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_token(work, token_id)
    response = RedirectResponse(TOKENS, 303)
    leave_flash(request, response, Flash("The token is revoked. Who uses it is refused from now on."))
    return response


def read_token_form(form: Form) -> tuple[str, tuple[str, ...], int, UUID | None]:
    """Name, scopes, days, and whom it is for (None for oneself).

    Raises:
        Invalid: some of it cannot be; every such field is named.
    """
    name, days, places = form.text("name"), form.text("days"), places_in(form.text("places"))
    scopes = _scopes(form, places)
    faults = [] if 1 <= len(name) <= 120 else [Fault("name", "1 to 120 characters")]
    if not (days.isascii() and days.isdigit() and len(days) < 5):
        faults.append(Fault("days", "between 1 and 366 days"))
    if not scopes:
        faults.append(Fault("scope", "tick at least one action, or everything"))
    if places and (form.ticked("everything") or PUBLISH in form.every("scope")):
        faults.append(Fault("places", f"untick {PUBLISH} and everything: they publish anywhere"))
    if faults:
        raise Invalid("The form has a problem.", faults=faults)
    return name, scopes, int(days), form.uuid("owner") if form.text("owner") else None


def places_in(text: str) -> tuple[str, ...]:
    """Plugins and namespaces, one a line or with commas between them."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _scopes(form: Form, places: tuple[str, ...]) -> tuple[str, ...]:
    chosen = ("*",) if form.ticked("everything") else form.every("scope")
    return (*chosen, *(f"{PUBLISH}:{place}" for place in places))


async def _tokens(work: Work) -> tuple[TenantToken, ...]:
    work.actor.require("token.administer")
    tokens = await service.list_tokens(work)
    names = await service.names_of(work, {token.user_id for token in tokens})
    return tuple(_shown(token, names, work.actor, work.now) for token in tokens)


def _shown(token: Token, names: Mapping[UUID, str], actor: Actor, now: datetime) -> TenantToken:
    state = "revoked" if token.revoked_at else "expired" if now >= token.expires_at else "valid"
    return TenantToken(
        id=token.id,
        name=token.name,
        owner=names.get(token.user_id),
        own=token.user_id == actor.id,
        reach=reach_in_words(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        revoked_at=token.revoked_at,
        state=state,
    )


def reach_in_words(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """What a token may do, for people."""
    labels = {words.action: words.label for words in ACTION_WORDS}
    return tuple(_in_words(scope, labels) for scope in scopes)


def _in_words(scope: str, labels: Mapping[str, str]) -> str:
    action, _, place = scope.partition(":")
    if scope == "*":
        return "Everything that its owner may do"
    return f"{labels.get(action, action)}: {place}" if place else labels.get(action, action)


async def _list_page(
    request: Request,
    actor: Actor,
    state: str | None,
    *,
    secret: str | None = None,
    adding: Form | None = None,
    refusal: Refusal | None = None,
) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        tokens = await _tokens(work)
        members = await service.list_members(work) if actor.may("member.administer") else None
        roles = await service.list_roles(work)
    wanted = state if state in STATES else None
    page = TenantTokensPage(
        title="Tokens",
        tokens=tuple(token for token in tokens if wanted in (None, token.state)),
        total=len(tokens),
        state=wanted,
        address=address_of(request, "state"),
        secret=secret,
        services=None if members is None else _services(members),
        roles=tuple(role["name"] for role in roles),
        adding=adding or Form(),
    )
    return await render(request, "accounts/tenant_tokens.html", page, refusal.status if refusal else 200)


async def _form_page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    actor.require("token.administer")
    members: list[dict[str, Any]] = []
    if actor.may("member.administer"):
        async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
            members = await service.list_members(work)
    others = tuple((str(m["id"]), _called(m)) for m in members if m["id"] != actor.id)
    page = NewTokenPage(
        title="Issue a token",
        crumbs=(("Tokens", TOKENS),),
        form=form,
        owners=(("", "Myself"), *others),
        actions=tuple(words for words in ACTION_WORDS if words.action in actor.actions),
    )
    return await render(request, "accounts/new_tenant_token.html", page, refusal.status if refusal else 200)


def _services(members: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(each for each in members if each["kind"] == "service")


def _called(member: Mapping[str, Any]) -> str:
    return f"{member['name']} (service)" if member["kind"] == "service" else str(member["name"])
