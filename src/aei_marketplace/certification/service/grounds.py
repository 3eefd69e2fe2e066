"""What speaks against a badge that was approved: it may have come while somebody decided."""

from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.service import STOPPED, ReleaseView
from aei_marketplace.certification.rules.suspensions import GRAVE, endangering, weighed
from aei_marketplace.certification.rules.views import Evidence, Request
from aei_marketplace.certification.service.advisories.reading import list_vulnerabilities
from aei_marketplace.certification.store import policies
from aei_marketplace.ground.work import Work

_NAMED = 10


async def ground_against(work: Work, request: Request, evidence: Evidence) -> str | None:
    """Why an approved release gets no badge after all; None where nothing speaks against it.

    What ends badges looks for those that are approved. An approval that commits after it looked is met here.

    Args:
        evidence: what the decision stands on.
    """
    release = (await catalog.releases_by_id(work, [request.release_id]))[request.release_id]
    if release.state in STOPPED:
        return stopped_words(str(release.state))
    standing = await advisory_against(work, release)
    if standing is not None:
        return standing
    found = await list_vulnerabilities(work, request.plugin_id, request.version)
    appeared = {each.advisory_id for each in found.items} - weighed(evidence.checks)
    waivers = await policies.waivers_of(work, request.plugin_id)
    grave = endangering(found.items, appeared, waivers, work.now)
    return packages_words(grave) if grave else None


async def advisory_against(work: Work, release: ReleaseView) -> str | None:
    """The grave advisory about the plugin that concerns a release, in words; None where none does."""
    for advisory in (await catalog.advisories_by_id(work, release.advisories)).values():
        if advisory.statement.severity in GRAVE:
            return advisory_words(advisory.id, advisory.statement.title)
    return None


def stopped_words(state: str) -> str:
    """Why a badge ends whose release the registry has stopped."""
    return f"The registry has stopped it: it is {state}."


def advisory_words(advisory_id: str, title: str) -> str:
    """Why a badge ends that an advisory about the plugin concerns."""
    return f"The advisory {advisory_id} concerns it: {title}"


def packages_words(advisories: tuple[str, ...]) -> str:
    """Why a badge ends against whose packages advisories stand."""
    return f"It contains packages that are vulnerable: {', '.join(advisories[:_NAMED])}."
