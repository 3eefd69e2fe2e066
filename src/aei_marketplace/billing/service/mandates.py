"""A buyer's consent to be charged for renewals: asked for, given on the provider's page, taken back."""

from dataclasses import dataclass
from uuid import UUID

from aei_marketplace.billing.errors.mandates import MandateUnfit, NoSuchMandate
from aei_marketplace.billing.errors.providers import PaidByTransfer
from aei_marketplace.billing.events.mandates import MandateWithdrawn, RenewalsStopped
from aei_marketplace.billing.rules.mandates import TERMS, Mandate
from aei_marketplace.billing.service import parties
from aei_marketplace.billing.service.collecting import KEY_LIFE, LEAST_TIME
from aei_marketplace.billing.service.purchases import ACTION
from aei_marketplace.billing.store import mandates as store
from aei_marketplace.billing.store import payments
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.errors import Fault
from aei_marketplace.ground.ports.billing import Collection, MandateWanted, MethodKept, ProviderRefused
from aei_marketplace.ground.work import Work

JOB = "billing.mandates"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is under way: the page that is still open, or what to ask the provider for."""

    url: str | None
    wanted: MandateWanted


async def start_mandate(deps: Deps, actor: Actor, trace_id: str, terms: int, return_url: str) -> str:
    """The provider's page on which the actor's tenant names the method that renewals are charged to.

    Whoever asks twice, or again after a crash, gets the same page.

    Args:
        terms: the number of the wording that the actor agrees to.
        return_url: where the browser goes afterwards.

    Raises:
        NotAllowed: the actor may not spend.
        MandateUnfit: the wording is another by now.
        DetailsMissing: nobody has said whom to bill.
        PaidByTransfer: the marketplace has no provider that collects.
        ProviderRefused, Unavailable: the provider will not, or does not answer.
    """
    if not deps.billing.online:
        raise PaidByTransfer("Renewals are paid by bank transfer here.")
    async with deps.works.begin(actor, trace_id) as work:
        asked = await _ask(work, deps.billing.name, terms, return_url)
    if asked.url is not None:
        return asked.url
    mandate_id = asked.wanted.mandate_id
    try:
        page = await deps.billing.open_mandate(asked.wanted, f"mandate/{mandate_id}")
    except ProviderRefused:
        async with deps.works.system(JOB, trace_id) as work:
            await _give_up(work, mandate_id)
        raise
    async with deps.works.system(JOB, trace_id) as work:
        await _open(work, mandate_id, page)
    return page.url


async def standing_mandate(work: Work, provider: str) -> Mandate | None:
    """The mandate under which renewals of the actor's tenant are charged; None: they are paid by hand.

    Raises:
        NotAllowed: the actor may not spend.
    """
    work.actor.require(ACTION)
    return await kept_mandate(work, provider, work.actor.in_tenant())


async def open_page(work: Work, provider: str) -> str | None:
    """The provider's page on which the actor's tenant names a method; None where none is open.

    Raises:
        NotAllowed: the actor may not spend.
    """
    work.actor.require(ACTION)
    standing = await store.find_standing(work, work.actor.in_tenant(), provider)
    return next((each.url for each in standing if each.state == "asked" and _is_good(work, each)), None)


async def kept_mandate(work: Work, provider: str, tenant: UUID) -> Mandate | None:
    """The mandate under which a tenant's renewals are charged, for named jobs."""
    standing = await store.find_standing(work, tenant, provider)
    return next((each for each in standing if each.state == "kept"), None)


async def read_mandate(work: Work, mandate_id: UUID) -> Mandate | None:
    """A mandate, for named jobs."""
    return await store.find(work, mandate_id)


async def withdraw(work: Work, provider: str) -> None:
    """Have nothing more charged to the kept method. What the provider was asked for before goes on.

    Raises:
        NotAllowed: the actor may not spend.
        NoSuchMandate: there is none.
    """
    work.actor.require(ACTION)
    standing = await store.find_standing(work, work.actor.in_tenant(), provider, for_update=True)
    if not standing:
        raise NoSuchMandate("No method is kept for your tenant.")
    for each in standing:
        await _end(work, each, work.actor.id)


async def withdraw_closed(work: Work, provider: str, tenant: UUID) -> None:
    """Have nothing more charged to the method of a tenant that is closed.

    Args:
        work: of a named job.
    """
    work.actor.require("revenue.administer")
    for each in await store.find_standing(work, tenant, provider, for_update=True):
        await _end(work, each, None)


async def withdraw_disputed(work: Work, mandate_id: UUID, invoice_id: UUID) -> None:
    """Have nothing more charged to a method whose charge the bank took back for good, and tell the buyer.

    Args:
        work: of a named job.
        invoice_id: what had been charged.
    """
    work.actor.require("revenue.administer")
    mandate = await store.find(work, mandate_id)
    assert mandate is not None, "it was charged under it"
    standing = await store.find_standing(work, mandate.tenant_id, mandate.provider, for_update=True)
    for each in standing:
        if each.id == mandate_id:
            await _end(work, each, None)
            work.emit(RenewalsStopped(mandate_id, invoice_id))


async def keep(work: Work, seen: MethodKept, label: str) -> str | None:
    """Have renewals charged to a method that was named; the one before goes.

    Args:
        work: of a named job.

    Returns:
        Why nothing is charged to it; None when it is.
    """
    work.actor.require("revenue.administer")
    mandate = await store.find(work, seen.mandate_id) if seen.mandate_id is not None else None
    if mandate is None:
        return "no such method was asked for here"
    # All that stand are held in one order, as by whoever takes them back.
    standing = await store.find_standing(work, mandate.tenant_id, mandate.provider, for_update=True)
    states = {each.id: each.state for each in standing}
    if states.get(mandate.id) == "kept":
        return "known already"
    named = {"customer": seen.customer, "method": seen.method, "label": label[:200]}
    await store.change(work, mandate.id, named)
    if mandate.id not in states:
        work.emit(MandateWithdrawn(mandate.id))
        return "it was taken back before the method was named"
    for other in standing:
        if other.state == "kept":
            await _end(work, other, None)
    await store.change(work, mandate.id, {"state": "kept", "kept_at": work.now})
    work.record(Fact("mandate.keep", "mandate", str(mandate.id), context={"provider": mandate.provider}))
    return None


async def forget_method(deps: Deps, mandate_id: UUID, trace_id: str) -> None:
    """Have the provider forget the method of a mandate that is withdrawn.

    Raises:
        Unavailable: the provider does not answer; call again.
    """
    async with deps.works.system(JOB, trace_id) as work:
        mandate = await store.find(work, mandate_id)
        if mandate is None or mandate.method is None or mandate.provider != deps.billing.name:
            return
        kept = await kept_mandate(work, mandate.provider, mandate.tenant_id)
        if kept is not None and kept.method == mandate.method:
            return  # the same was named once more
    outcome, reason = "ok", None
    try:
        await deps.billing.forget_method(mandate.method)
    except ProviderRefused as refusal:
        outcome, reason = "failed", refusal.detail
    async with deps.works.system(JOB, trace_id) as work:
        work.record(Fact("mandate.forget", "mandate", str(mandate_id), outcome=outcome, reason=reason))


async def _ask(work: Work, provider: str, terms: int, return_url: str) -> _Asked:
    work.actor.require(ACTION)
    if terms != TERMS:
        raise MandateUnfit("The wording has changed.", faults=[Fault("/terms", f"exactly {TERMS}")])
    tenant, user = work.actor.in_tenant(), work.actor.id
    assert user is not None, "who spends has an account"
    party = (await parties.details_of(work, tenant)).party
    standing = await store.find_standing(work, tenant, provider, for_update=True)
    asked = next((each for each in standing if each.state == "asked"), None)
    if asked is not None and not _is_good(work, asked):
        await _end(work, asked, None)
        asked = None
    if asked is None:
        asked = Mandate(new_id(), tenant, provider, "asked", TERMS, user, work.now)
        if not await store.add(work, asked):
            standing = await store.find_standing(work, tenant, provider)
            asked = next(each for each in standing if each.state == "asked")
        else:
            work.record(Fact("mandate.agree", "mandate", str(asked.id), context={"terms": TERMS}))
    known = await payments.find_customer(work, provider, tenant)
    return _Asked(asked.url, MandateWanted(asked.id, party.name, party.email, known, return_url))


def _is_good(work: Work, asked: Mandate) -> bool:
    if asked.url_until is not None:
        return asked.url_until - work.now > LEAST_TIME
    return work.now - asked.agreed_at < KEY_LIFE


async def _open(work: Work, mandate_id: UUID, page: Collection) -> None:
    work.actor.require("revenue.administer")
    mandate = await store.find(work, mandate_id)
    assert mandate is not None, "it was asked for"
    await payments.add_customer(work, mandate.provider, mandate.tenant_id, page.customer)
    values = {"setup": page.reference, "url": page.url, "url_until": page.until}
    await store.change(work, mandate_id, values)


async def _give_up(work: Work, mandate_id: UUID) -> None:
    """What was refused under one name is asked for under another: the provider keeps to its answers."""
    work.actor.require("revenue.administer")
    mandate = await store.find(work, mandate_id)
    if mandate is not None and mandate.state == "asked" and mandate.url is None:
        await _end(work, mandate, None)


async def _end(work: Work, mandate: Mandate, by: UUID | None) -> None:
    values = {"state": "withdrawn", "withdrawn_at": work.now, "withdrawn_by": by}
    await store.change(work, mandate.id, values)
    work.record(Fact("mandate.withdraw", "mandate", str(mandate.id), context={"was": mandate.state}))
    if mandate.method is not None:
        work.emit(MandateWithdrawn(mandate.id))
