"""Another release in the place of the present one, written down; its operation is ended by whoever calls."""

from dataclasses import replace
from typing import Any

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.ground.audit import Fact
from aei_marketplace.ground.work import Work
from aei_marketplace.installations import store
from aei_marketplace.installations.errors import NoLongerMeant
from aei_marketplace.installations.events import ReleaseLeft
from aei_marketplace.installations.rules.grants import new_calls, not_granted, permission_difference
from aei_marketplace.installations.rules.requests import check_is_change
from aei_marketplace.installations.rules.views import Installation
from aei_marketplace.installations.service.creating import Terms
from aei_marketplace.installations.service.requested import fitting_terms, live_installation


async def switch(work: Work, release: ReleaseView, terms: Terms, *, automatic: bool = False) -> str:
    """Put a release that was prepared in the place of the present one; what was done, in a sentence.

    Raises:
        NotInstalled: there is none (any more).
        AlreadyAtVersion: somebody was faster.
        NoLongerMeant: it was to happen by itself, and would bring permissions, or the version is pinned.
        Invalid: grants or configuration do not fit.
    """
    tenant = work.actor.in_tenant()
    await store.hold(work, tenant, release.plugin_id)
    present = await live_installation(work, tenant, release.plugin_id)
    check_is_change(present.version, release.version, named=terms.pinned)
    grants, config = fitting_terms(release, terms.grants, terms.config, present)
    asks = await difference(work, present, release)
    if automatic and (asks or present.pinned or await _calls_more(work, present, release)):
        raise NoLongerMeant(f"{release.plugin_id} was changed while its update was prepared.")
    changed = replace(
        present,
        release_id=release.release_id,
        version=release.version,
        channel=terms.channel,
        pinned=terms.pinned,
        grants=grants,
        config=config,
        updated_at=work.now,
    )
    await store.save(work, changed)
    work.record(_fact(present, changed, asks, automatic=automatic))
    await leave_release(work, present)
    return _message(present, changed, asks)


async def leave_release(work: Work, installation: Installation) -> None:
    """Have the idle workers of an installation's release let go once this is committed."""
    release = await _before(work, installation)
    if release is not None:
        work.emit(ReleaseLeft(installation.tenant_id, release.component_sha256))


async def difference(work: Work, present: Installation, release: ReleaseView) -> dict[str, Any]:
    """What a release requests beyond the present one."""
    before = await _before(work, present)
    if before is None:
        # The old release is hidden from the tenant by now: everything requested is new to them.
        return not_granted(release.manifest, {})
    return permission_difference(before.manifest, release.manifest)


async def _calls_more(work: Work, present: Installation, release: ReleaseView) -> bool:
    before = await _before(work, present)
    return before is None or bool(new_calls(before.manifest, release.manifest))


async def _before(work: Work, present: Installation) -> ReleaseView | None:
    """The present release; None where it is hidden from the tenant by now."""
    return (await catalog.releases_by_id(work, [present.release_id])).get(present.release_id)


def _fact(before: Installation, after: Installation, asks: dict[str, Any], *, automatic: bool) -> Fact:
    context = {
        "plugin": after.plugin_id,
        "from": before.version,
        "version": after.version,
        "release": str(after.release_id),
        "pinned": after.pinned,
        "grants": after.grants,
        "new_permissions": asks,
        "automatic": automatic,
    }
    return Fact("installation.update", "installation", str(after.id), context=context)


def _message(before: Installation, after: Installation, asks: dict[str, Any]) -> str:
    also = f"; it also requests {', '.join(asks)}" if asks else ""
    return f"Updated {after.plugin_id} from {before.version} to {after.version}{also}"
