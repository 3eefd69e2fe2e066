"""Who decides here, and what of it is their own."""

from collections.abc import Collection

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog.service.reading import publishers_of
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.rules.deciders import Decider


async def decider_of(work: Work, plugin_ids: Collection[str]) -> Decider:
    """The actor of a work of staff, before what is said about these plugins."""
    person = work.actor.id
    tenants = await accounts.tenants_of(work, person) if person is not None else frozenset()
    # Most of the staff belong to no tenant, and then it does not matter whose a plugin is.
    publishers = await publishers_of(work, plugin_ids) if tenants else {}
    return Decider(person, tenants, publishers)
