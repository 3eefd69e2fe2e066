"""How far an advisory reaches: who has a release installed that it concerns."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.rules.views import Reached


async def advisory_reach(work: Work, advisory_id: str) -> list[Reached]:
    """The affected live installations by tenant and version, the most first; one query.

    A tenant sees its own, staff see all, and the plugin's publisher sees the numbers and no tenants.

    Raises:
        NotSignedIn, NotAllowed: the actor neither browses for a tenant nor decides about advisories.
        NoSuchAdvisory: there is none that the actor may see.
    """
    work.actor.require(catalog.ADVISORY_ACTION if work.actor.tenant is None else "plugin.browse")
    advisory = await catalog.find_advisory(work, advisory_id)
    return await store.find_reach(work, advisory.id)
