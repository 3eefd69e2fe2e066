"""A release beside the last one of its plugin that was certified before it."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import ReleaseView
from aei_marketplace.certification.rules.changes import Changes, Content, Package, compare
from aei_marketplace.certification.rules.views import Evidence, Request
from aei_marketplace.certification.store import requests
from aei_marketplace.certification.store.advisories import concerned
from aei_marketplace.ground.work import Work


async def changes_since_certified(work: Work, request: Request, evidence: Evidence) -> Changes | None:
    """What differs from the release that was certified before; None where none was that the actor may see."""
    last = await requests.last_certified(work, request.plugin_id, request.release_id, request.decided_at)
    before = None if last is None else await requests.find_evidence(work, last.id)
    if last is None or before is None or last.decided_at is None:
        return None
    found = await catalog.releases_by_id(work, [last.release_id, request.release_id])
    return compare(
        await _content(work, found[last.release_id], before),
        await _content(work, found[request.release_id], evidence),
        last.decided_at,
    )


async def _content(work: Work, release: ReleaseView, evidence: Evidence) -> Content:
    known = await concerned.find_inventory(work, release.release_id) is not None
    packages = await concerned.packages_of(work, release.release_id)
    return Content(
        release.version,
        release.size_bytes,
        release.manifest.capabilities,
        frozenset(evidence.hosts),
        frozenset(Package(*each) for each in packages) if known else None,
    )
