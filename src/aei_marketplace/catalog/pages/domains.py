"""Pages: the domains that prove who a publisher is, what to put where, and how each proof stands."""

from dataclasses import dataclass, field
from uuid import UUID

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service
from aei_marketplace.catalog.errors import DomainKnown, NotInNamespace, TooManyDomains
from aei_marketplace.catalog.pages.words import DOMAINS, PROOF_WORDS, PUBLISHER, ProofWords
from aei_marketplace.catalog.rules.verification import DomainProof, Method, ProofState
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, Refusal
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

_METHODS = (
    (Method.DNS.value, "A TXT record in its DNS"),
    (Method.FILE.value, "A file on its web server"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainsPage(PageContext):
    """The publisher's domains.

    Attributes:
        words: what each state means.
    """

    proofs: tuple[DomainProof, ...]
    form: Form
    methods: tuple[tuple[str, str], ...] = _METHODS
    words: dict[ProofState, ProofWords] = field(default_factory=lambda: PROOF_WORDS)


@router.get(DOMAINS)
async def list_domains(request: Request, actor: TheActor) -> Response:
    """The domains."""
    return await _page(request, actor, Form())


@router.post(DOMAINS)
async def prove(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm) -> Response:
    """Begin to look for a proof."""
    try:
        async with deps.works.begin(actor, trace) as work:
            proof = await service.prove_domain(work, form.text("domain"), _method(form))
    except (DomainKnown, Invalid, NotInNamespace, TooManyDomains) as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, form.refused(refusal), refusal)
    return _back(request, f"Put the text where it says below. {proof.domain} is looked at every few minutes.")


@router.post(DOMAINS + "/{proof_id}/forget")
async def forget(
    request: Request, proof_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """Prove nothing by a domain any more."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await service.forget_domain(work, proof_id)
    except NotInNamespace as refusal:
        await note_denial(request, refusal)
        return await _page(request, actor, Form().refused(refusal), refusal)
    return _back(request, "The domain proves nothing any more.")


def _method(form: Form) -> Method:
    try:
        return Method(form.text("method"))
    except ValueError as error:
        raise amiss("method", "choose one") from error


async def _page(request: Request, actor: Actor, form: Form, refusal: Refusal | None = None) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        proofs = await service.list_domains(work)
    page = DomainsPage(
        title="Proven domains", crumbs=(("Publisher", PUBLISHER),), proofs=tuple(proofs), form=form
    )
    return await render(request, "catalog/domains.html", page, refusal.status if refusal else 200)


def _back(request: Request, said: str) -> Response:
    response = RedirectResponse(DOMAINS, 303)
    leave_flash(request, response, Flash(said))
    return response
