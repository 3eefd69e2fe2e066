"""What the tenant's installations hold, seen from the other side."""

from collections.abc import Mapping

from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store

#: So many installations are looked at.
MOST_LOOKED_AT = 1_000


async def secrets_granted(work: Work) -> Mapping[str, tuple[str, ...]]:
    """The installed plugins that may read each of the tenant's secrets, by the secret's name."""
    work.actor.require("secret.administer")
    installed = await store.find_page(work, work.actor.in_tenant(), None, MOST_LOOKED_AT)
    found: dict[str, tuple[str, ...]] = {}
    for each in installed:
        for name in each.grants.get("secrets", {}).get("names", ()):
            found[name] = (*found.get(name, ()), each.plugin_id)
    return found
