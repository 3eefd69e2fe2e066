"""Pages: one's own tokens, for programs."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.accounts import service
from aei_marketplace.accounts.pages.words import ACTION_WORDS, ActionWords
from aei_marketplace.ground.actor import Actor, ProofNeeded
from aei_marketplace.ground.errors import Invalid, NotAllowed, Refusal
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

TOKENS = "/account/tokens"
FRESH = filled(days="30", everything="on")
LIFETIMES = (("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("366", "A year"))


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A token of one's own; `state` is `valid`, `expired` or `revoked`."""

    id: UUID
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage(PageContext):
    """One's own tokens, and the form for another.

    Attributes:
        secret: of the token that was issued just now; shown this once.
    """

    tokens: tuple[ShownToken, ...]
    form: Form = field(default_factory=Form)
    actions: tuple[ActionWords, ...] = ()
    secret: str | None = None
    lifetimes: tuple[tuple[str, str], ...] = LIFETIMES


@router.get(TOKENS)
async def list_tokens(request: Request, actor: TheActor) -> Response:
    """One's own tokens."""
    return await _page(request, actor, FRESH)


@router.post(TOKENS)
async def issue_token(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Issue a token; the page that answers is the only one that ever shows it."""
    try:
        async with deps.works.begin(actor, trace) as work:
            token = await service.issue_token(
                work, name=_name(form), scopes=_scopes(form), lifetime=timedelta(days=_days(form))
            )
    except ProofNeeded:
        raise
    except (Invalid, NotAllowed) as refusal:
        return await _page(request, actor, form.refused(refusal), refusal=refusal)
    return await _page(request, actor, FRESH, secret=token.secret)


@router.post(TOKENS + "/{token_id}/revoke")
async def revoke_token(
    request: Request, token_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Take a token back."""
    async with deps.works.begin(actor, trace) as work:
        await service.revoke_token(work, token_id)
    response = RedirectResponse(TOKENS, 303)
    leave_flash(
        request, response, Flash("The token is revoked. Programs that use it are refused from now on.")
    )
    return response


async def _page(
    request: Request, actor: Actor, form: Form, *, secret: str | None = None, refusal: Refusal | None = None
) -> Response:
    works = request.app.state.deps.works
    async with works.begin(actor, request.state.trace_id) as work:
        own = [token for token in await service.list_tokens(work) if token.user_id == actor.id]
        now = work.now
    page = TokensPage(
        title="Tokens",
        tokens=tuple(_shown(token, now) for token in own),
        form=form,
        actions=tuple(words for words in ACTION_WORDS if words.action in actor.actions),
        secret=secret,
    )
    return await render(request, "accounts/tokens.html", page, refusal.status if refusal else 200)


def _shown(token: service.Token, now: datetime) -> ShownToken:
    state = "revoked" if token.revoked_at else "expired" if now >= token.expires_at else "valid"
    return ShownToken(token.id, token.name, token.scopes, token.created_at, token.expires_at, state)


def _name(form: Form) -> str:
    name = form.text("name")
    if not 1 <= len(name) <= 120:
        raise amiss("name", "1 to 120 characters")
    return name


def _scopes(form: Form) -> tuple[str, ...]:
    if form.ticked("everything"):
        return ("*",)
    if not form.every("scope"):
        raise amiss("scope", "tick at least one action, or everything")
    return form.every("scope")


def _days(form: Form) -> int:
    days = form.text("days")
    if not days.isascii() or not days.isdigit():
        raise amiss("days", "between 1 and 366 days")
    return int(days)
