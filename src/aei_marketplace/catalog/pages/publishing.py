"""Pages: what a publisher has and uses, and the form that publishes a release."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.catalog import service
from aei_marketplace.catalog.errors import NameConfusable, NamespaceReserved
from aei_marketplace.catalog.pages.words import (
    NAMESPACES,
    PROOF_WORDS,
    PUBLISHER,
    STATE_WORDS,
    ProofWords,
    StateWords,
)
from aei_marketplace.catalog.rules.verification import DomainProof, ProofState
from aei_marketplace.catalog.service import (
    OwnNamespace,
    OwnPlugin,
    ReleaseState,
    ReleaseView,
    SigningKey,
    Submission,
    TrustedPublisher,
)
from aei_marketplace.ground.actor import ProofNeeded
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Conflict, Fault, Invalid, NotAllowed, Refusal, TooLarge, TooMany
from aei_marketplace.ground.work import Work
from aei_marketplace.web.csrf import upload_token
from aei_marketplace.web.multipart import read_parts
from aei_marketplace.web.problems import note_denial
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter()

UPLOAD = PUBLISHER + "/upload"
_FIELDS = frozenset({"package", "visibility", "audience"})
_CRUMBS = (("Publisher", PUBLISHER),)


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a quota is used; `used` and `allowed` in words."""

    label: str
    used: int
    allowed: int
    in_bytes: bool = False

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, self.used / self.allowed) if self.allowed else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherPage(PageContext):
    """All that a publisher has.

    Attributes:
        unsettled: releases that wait for somebody, those that moved last first.
    """

    plugins: tuple[OwnPlugin, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    unsettled: tuple[ReleaseView, ...]
    namespaces: tuple[OwnNamespace, ...]
    shares: tuple[Share, ...]
    domains: tuple[DomainProof, ...]
    trusted: tuple[TrustedPublisher, ...]
    keys: tuple[SigningKey, ...]
    signatures_required: bool
    words: dict[ReleaseState, StateWords] = field(default_factory=lambda: STATE_WORDS)
    proof_words: dict[ProofState, ProofWords] = field(default_factory=lambda: PROOF_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPage(PageContext):
    """The form that publishes.

    Attributes:
        way: where it is sent, with the token for uploads.
        faults: what the gate found, in order.
        ask: where staff can be asked for the name that was refused.
    """

    way: str
    form: Form
    faults: tuple[Fault, ...] = ()
    ask: str | None = None
    namespaces: tuple[OwnNamespace, ...] = ()


@router.get(PUBLISHER)
async def show_publisher(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, wanted: ThePage
) -> Response:
    """What the tenant publishes."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.list_own_plugins(work, wanted)
        rest = await _standing(work, deps)
    page = PublisherPage(
        title="Publisher",
        plugins=tuple(found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "cursor"),
        **rest,
    )
    return await render(request, "catalog/publisher.html", page)


@router.get(UPLOAD)
async def show_form(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """The form. The fresh proof is asked for before somebody has chosen a file, not after."""
    await service.require_publisher(deps.works, actor, trace)
    return await _form_page(request, filled(visibility="public"))


@router.post(UPLOAD)
async def publish(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Publish a release; what the gate finds is shown beside the form, all of it at once."""
    await service.require_publisher(deps.works, actor, trace)
    form = Form()
    try:
        submission, form = await _read(request)
        release = await service.publish_release(deps, actor, trace, submission)
    except ProofNeeded:
        raise
    except (Invalid, Conflict, TooLarge, TooMany, NotAllowed) as refusal:
        await note_denial(request, refusal)
        return await _form_page(request, form, refusal)
    response = RedirectResponse(f"{PUBLISHER}/{release.plugin_id}/{release.version}", 303)
    leave_flash(request, response, Flash(f"{release.plugin_id} {release.version} passed the gate."))
    return response


async def _read(request: Request) -> tuple[Submission, Form]:
    parts = await read_parts(request, _FIELDS, service.LARGEST_SUBMISSION, service.package_too_large())
    try:
        visibility, audience = parts.text("visibility"), parts.text("audience")
        form = filled(visibility=visibility or "", audience=audience or "")
        # A browser sends an empty file where none was chosen.
        package = await parts.content("package") or None
        named = service.read_audience(audience) if visibility == "private" else None
        return Submission.of(package, None, visibility, named), form
    finally:
        await parts.form.close()


async def _standing(work: Work, deps: Deps) -> dict[str, Any]:
    used, allowed = await service.find_quota(work, deps.publisher_quota)
    return {
        "unsettled": tuple(await service.list_unsettled(work)),
        "namespaces": tuple(await service.list_namespaces(work)),
        "shares": (
            Share("Packages", used.storage_bytes, allowed.storage_bytes, in_bytes=True),
            Share("Releases", used.releases, allowed.releases),
            Share("Within an hour", used.releases_per_hour, allowed.releases_per_hour),
        ),
        "domains": _all(await service.list_domains(work)),
        "trusted": _all(await service.list_trusted(work)),
        "keys": _all(await service.list_signing_keys(work)),
        "signatures_required": await service.signatures_required(work),
    }


def _advice(refusal: Refusal) -> str:
    # "Correct what `errors` names" is for programs; on a page the faults stand below.
    if not refusal.faults:
        return refusal.next_step
    return "Correct what is named here, build again and publish again."


def _way_to_ask(refusal: Refusal) -> str | None:
    if not isinstance(refusal, NameConfusable | NamespaceReserved):
        return None
    return f"{NAMESPACES}?{urlencode({'ask': str(refusal.extensions['name'])})}"


def _all(found: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(found)


async def _form_page(request: Request, form: Form, refusal: Refusal | None = None) -> Response:
    deps: Deps = request.app.state.deps
    async with deps.works.begin(request.state.actor, request.state.trace_id) as work:
        namespaces = await service.list_namespaces(work)
    page = UploadPage(
        title="Publish a release",
        crumbs=_CRUMBS,
        way=f"{UPLOAD}?upload_token={upload_token(request)}",
        form=form if refusal is None else Form(form.values, {}, refusal.detail, _advice(refusal)),
        faults=refusal.faults if refusal else (),
        ask=_way_to_ask(refusal) if refusal else None,
        namespaces=tuple(namespaces),
    )
    return await render(request, "catalog/upload.html", page, refusal.status if refusal else 200)
