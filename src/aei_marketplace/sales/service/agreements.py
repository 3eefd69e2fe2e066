"""Setting share agreements, and who may read them."""

from dataclasses import dataclass
from datetime import datetime

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.errors import NotYourPlugin
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.clock import new_id, rfc3339
from aei_marketplace.ground.paging import Page, PageWanted, as_plugin_id
from aei_marketplace.ground.work import Work
from aei_marketplace.sales.errors import OwnAgreement
from aei_marketplace.sales.events import ShareAgreementSet
from aei_marketplace.sales.rules.shares import (
    Agreement,
    Terms,
    agreement_at,
    check_announced,
    check_terms,
    terms_at,
)
from aei_marketplace.sales.store import agreements as store


@dataclass(frozen=True, slots=True)
class PluginShare:
    """The agreements of one plugin as they stand now.

    Attributes:
        present: the terms in force.
        in_force: the agreement that they come from; None for the marketplace's own.
        announced: agreements that have not begun, the next first.
        history: all of them, those that begin last first.
    """

    plugin_id: str
    present: Terms
    in_force: Agreement | None
    announced: tuple[Agreement, ...]
    history: tuple[Agreement, ...]


async def set_agreement(work: Work, plugin_id: str, terms: Terms) -> Agreement:
    """Have other terms apply to a plugin from a moment on; those before stay as they were.

    Raises:
        NotAllowed: the actor may not, or has not proven lately who they are.
        OwnAgreement: they belong to the tenant that would get the share.
        AgreementUnfit: the terms are none, begin in the past, or too soon for the creator's harm.
        PluginNotFound: there is no such plugin.
    """
    work.actor.require("revenue.administer")
    work.actor.require_recent_proof(work.now)
    plugin = await catalog.find_plugin(work, plugin_id)
    assert work.actor.id is not None, "who sets terms is a person"
    if await accounts.belongs_to(work, work.actor.id, plugin.owner_tenant):
        raise OwnAgreement("You belong to the tenant that gets this share.")
    await store.hold(work, plugin_id)
    before = await check_agreement(work, plugin_id, terms)
    agreement = await store.add(work, Agreement(new_id(), plugin_id, terms, work.actor.id, work.now))
    work.record(
        Fact(
            "share.set",
            "plugin",
            plugin_id,
            context=_in_words(agreement, before),
            personal={"reason": terms.reason},
        )
    )
    work.emit(ShareAgreementSet(agreement.id, plugin_id, plugin.owner_tenant, terms.effective_from))
    return agreement


async def check_agreement(work: Work, plugin_id: str, terms: Terms) -> Terms:
    """Whether terms could be set now; those that would apply by then without them.

    Raises:
        NotAllowed: the actor may not.
        AgreementUnfit: the terms are none, begin in the past, or too soon for the creator's harm.
    """
    work.actor.require("revenue.administer")
    check_terms(terms)
    before = await store.of_plugin(work, plugin_id)
    check_announced(terms, before, work.now)
    return terms_at(before, terms.effective_from)


async def agreements_of(work: Work, plugin_id: str) -> list[Agreement]:
    """All agreements of a plugin that the actor may see, those that begin first first."""
    return await store.of_plugin(work, plugin_id)


async def plugin_share(work: Work, plugin_id: str) -> PluginShare:
    """The agreements of one plugin, for staff and for its own tenant.

    Raises:
        NotAllowed: the actor may not.
        PluginNotFound: there is no such plugin, or it is another tenant's.
    """
    _require_reader(work)
    plugin = await catalog.find_plugin(work, plugin_id)
    if not work.actor.staff and plugin.owner_tenant != work.actor.tenant:
        raise NotYourPlugin(f"{plugin_id} belongs to another publisher.")
    return _stands(plugin_id, await store.of_plugin(work, plugin_id), work.now)


async def list_shares(work: Work, wanted: PageWanted) -> Page:
    """`PluginShare`s of the plugins that have an agreement and that the actor may see, by plugin.

    Raises:
        NotAllowed: the actor may not.
        Invalid: the cursor is of another list.
    """
    _require_reader(work)
    found = await store.plugins_page(work, wanted.position(as_plugin_id), wanted.limit)
    agreements = await store.of_plugins(work, found)
    shares = [_stands(plugin_id, agreements[plugin_id], work.now) for plugin_id in found]
    return wanted.page(shares, await store.count_plugins(work), lambda share: share.plugin_id)


def _require_reader(work: Work) -> None:
    work.actor.require("revenue.administer" if work.actor.staff else "plugin.publish")


def _stands(plugin_id: str, agreements: list[Agreement], now: datetime) -> PluginShare:
    return PluginShare(
        plugin_id=plugin_id,
        present=terms_at(agreements, now),
        in_force=agreement_at(agreements, now),
        announced=tuple(each for each in agreements if each.terms.effective_from > now),
        history=tuple(reversed(agreements)),
    )


def _in_words(agreement: Agreement, before: Terms) -> dict[str, object]:
    terms = agreement.terms
    return {
        "agreement": str(agreement.id),
        "creator_share_bps": terms.creator_share_bps,
        "before_bps": before.creator_share_bps,
        "tiers": [f"{t.creator_share_bps} from {t.from_gross} {t.currency}" for t in terms.tiers],
        "processing_fee_bearer": terms.processing_fee_bearer,
        "dispute_fee_bearer": terms.dispute_fee_bearer,
        "effective_from": rfc3339(terms.effective_from),
    }
