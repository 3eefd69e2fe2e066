"""A tenant's policies: read, tried out on what is installed, and changed with one entry in the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aei_marketplace.accounts import service as accounts
from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import PoliciesStale
from aei_marketplace.installations.rules.policies import changed_policies, policies_etag, shown_policies
from aei_marketplace.installations.rules.selection import exclusions

#: So many installations are looked at to say which ones a change touches.
MOST_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True)
class TenantPolicies:
    """A tenant's policies, the operator's caps and what follows from both.

    Attributes:
        shown: in the shape of the interface.
        etag: names what the policies say.
    """

    shown: Mapping[str, Any]
    etag: str


@dataclass(frozen=True, slots=True)
class Touched:
    """An installed plugin that a change would stop, or let run again.

    Attributes:
        grounds: why the lists exclude it afterwards; empty when it may run again.
    """

    plugin_id: str
    version: str
    grounds: tuple[str, ...]


async def read_policies(work: Work, deps: Deps) -> TenantPolicies:
    """The policies of the actor's tenant.

    Raises:
        NotAllowed: the actor does not administer policies.
    """
    return _shown(await accounts.find_policies(work), deps)


async def preview_policies(work: Work, change: Any) -> tuple[Touched, ...]:
    """The installed plugins whose executions a change would stop or allow again; nothing is changed.

    Args:
        change: JSON merge patch.

    Raises:
        NotAllowed: the actor does not administer policies.
        PolicyUnfit: the change says something that is not understood.
    """
    present = await accounts.find_policies(work)
    after = changed_policies(present, change)
    installed = await store.find_page(work, work.actor.in_tenant(), None, MOST_LOOKED_AT)
    releases = await catalog.releases_by_id(work, {i.release_id for i in installed})
    touched = []
    for release in releases.values():
        grounds = exclusions(after, release.manifest)
        if bool(grounds) != bool(exclusions(present, release.manifest)):
            touched.append(Touched(release.plugin_id, release.version, grounds))
    return tuple(sorted(touched, key=lambda each: (not each.grounds, each.plugin_id)))


async def change_policies(work: Work, deps: Deps, change: Any, if_match: str | None = None) -> TenantPolicies:
    """Change the tenant's policies; the next installation and execution happen under the new ones.

    Args:
        change: JSON merge patch.
        if_match: the etag of the policies that the caller saw.

    Raises:
        NotAllowed: the actor does not administer policies.
        PolicyUnfit: the change says something that is not understood.
        PoliciesStale: they say something else than what the caller saw.
    """
    present = await accounts.find_policies(work, hold=True)
    if if_match not in (None, "*", policies_etag(present)):
        raise PoliciesStale("The policies are not what `If-Match` says.")
    after = changed_policies(present, change)
    if after != present:
        await accounts.save_policies(work, after)
    return _shown(after, deps)


def _shown(policies: Mapping[str, Any], deps: Deps) -> TenantPolicies:
    shown = shown_policies(policies, deps.operator_cap, deps.operator_allowance)
    return TenantPolicies(shown, policies_etag(policies))
