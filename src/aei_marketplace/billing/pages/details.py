"""Pages: whom to bill for a tenant; and for staff who sells, tax rates and tax categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from aei_marketplace.billing.errors.details import DetailsMissing, SellerMissing
from aei_marketplace.billing.pages.invoices import SPEND
from aei_marketplace.billing.pages.words import ALL, DETAILS, TAX
from aei_marketplace.billing.rules.parties import Party
from aei_marketplace.billing.rules.tax import TaxRate
from aei_marketplace.billing.service import buyers, parties, taxes
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Invalid, NotFound
from aei_marketplace.ground.typed import read_choice
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.flashes import Flash, leave_flash
from aei_marketplace.web.shell.forms import Form, FormRoute, TheForm, amiss, filled
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailsPage(PageContext):
    """Whom to bill."""

    form: Form


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPage(PageContext):
    """Who sells, and what tax is charged.

    Attributes:
        rates: those recorded last first.
        seller: the form of it.
        rate, category: the forms that add to the tables.
        account: the form that decides whether a tenant has access before it pays.
    """

    rates: Sequence[TaxRate]
    seller: Form
    rate: Form
    category: Form
    account: Form


class Access(StrEnum):
    """When a tenant has access to what it buys."""

    PAID = "paid"
    AT_ONCE = "at_once"


@router.get(DETAILS)
async def show_details(request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace) -> Response:
    """Whom to bill."""
    async with deps.works.begin(actor, trace) as work:
        try:
            form = _filled((await parties.find_details(work)).party)
        except DetailsMissing:
            form = Form()
    return await _details_page(request, form)


@router.post(DETAILS)
async def put_details(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Say whom to bill."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await parties.put_details(work, _party(form))
    except Invalid as refusal:
        return await _details_page(request, form.refused(refusal), refusal.status)
    return _back(request, DETAILS, "The billing details are kept. The next invoice bears them.")


@router.get(TAX)
async def show_tax(request: Request, actor: TheActor) -> Response:
    """Who sells, and what tax is charged."""
    return await _tax_page(request, actor)


@router.post(TAX + "/seller")
async def put_seller(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """State who sells."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await parties.put_seller(work, _party(form))
    except Invalid as refusal:
        return await _tax_page(request, actor, refusal.status, seller=form.refused(refusal))
    return _back(request, TAX, "The next invoice bears this seller.")


@router.post(TAX + "/rates")
async def set_rate(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Have a rate apply from a day on."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await taxes.set_rate(work, _rate(form))
    except Invalid as refusal:
        told = form.refused(refusal).renamed({"country": "where", "rate_bps": "percent"})
        return await _tax_page(request, actor, refusal.status, rate=told)
    return _back(request, TAX, "The rate is kept.")


@router.post(TAX + "/categories")
async def set_category(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Say what kind of supply a plugin is."""
    try:
        async with deps.works.begin(actor, trace) as work:
            await taxes.set_category(work, form.text("plugin"), form.text("supply"))
    except (Invalid, NotFound) as refusal:
        told = form.refused(refusal).renamed({"category": "supply"})
        return await _tax_page(request, actor, refusal.status, category=told)
    return _back(request, TAX, "The category is kept.")


@router.post(TAX + "/accounts")
async def set_on_account(
    request: Request, deps: TheDeps, actor: TheActor, trace: TheTrace, form: TheForm
) -> Response:
    """Decide whether a tenant has access before it pays."""
    try:
        access = read_choice(Access, form.text("access"), "/access")
        async with deps.works.begin(actor, trace) as work:
            await buyers.set_on_account(work, form.text("tenant"), on_account=access is Access.AT_ONCE)
    except (Invalid, NotFound) as refusal:
        return await _tax_page(request, actor, refusal.status, account=form.refused(refusal))
    return _back(request, TAX, "It is decided, and what the tenant has bought follows.")


def _party(form: Form) -> Party:
    return Party(*(form.text(name) for name in ("name", "address", "country", "tax_id", "email")))


def _filled(party: Party) -> Form:
    values = (party.name, party.address, party.country, party.tax_id or "", party.email or "")
    return filled(**dict(zip(("name", "address", "country", "tax_id", "email"), values, strict=True)))


def _rate(form: Form) -> TaxRate:
    try:
        whole, _, rest = form.text("percent").partition(".")
        bps = int(whole) * 100 + int(rest.ljust(2, "0") if rest else 0)
        if len(rest) > 2 or not whole.isdecimal() or not (rest or "0").isdecimal():
            raise ValueError
    except ValueError as error:
        raise amiss("percent", "a number such as 19 or 7.7") from error
    try:
        day = date.fromisoformat(form.text("from_day"))
    except ValueError as error:
        raise amiss("from_day", "a day such as 2027-01-01") from error
    return TaxRate(form.text("category"), form.text("where").upper(), day, bps)


async def _details_page(request: Request, form: Form, status: int = 200) -> Response:
    page = DetailsPage(title="Billing details", crumbs=(SPEND,), form=form)
    return await render(request, "billing/details.html", page, status)


async def _tax_page(request: Request, actor: Actor, status: int = 200, **forms: Form) -> Response:
    async with request.app.state.deps.works.begin(actor, request.state.trace_id) as work:
        rates = await taxes.list_rates(work)
        try:
            seller = _filled(await parties.seller(work))
        except SellerMissing:
            seller = Form()
        today = f"{work.now:%Y-%m-%d}"
    shown: dict[str, Any] = {
        "seller": seller,
        "rate": filled(category="digital", where="*", from_day=today),
        "category": Form(),
        "account": Form(),
        **forms,
    }
    page = TaxPage(title="Seller and tax", crumbs=(("Invoices", ALL),), rates=rates[::-1], **shown)
    return await render(request, "billing/tax.html", page, status)


def _back(request: Request, where: str, said: str) -> Response:
    response = RedirectResponse(where, 303)
    leave_flash(request, response, Flash(said))
    return response
