"""Pages of known vulnerabilities: those of a plugin's release, and one advisory."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.rules.showing import Shown, counted, shown_once
from aei_marketplace.certification.service import advisories as service
from aei_marketplace.certification.service.advisories import PackageAdvisory, Vulnerabilities
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

VULNERABILITIES = "/marketplace/{plugin_id}/vulnerabilities"
ADVISORY = "/marketplace/certification/advisories/{advisory_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VulnerabilitiesPage(PageContext):
    """What stands against a release.

    Attributes:
        shown: the worst first.
        counts: (word, how many).
    """

    found: Vulnerabilities
    shown: tuple[Shown, ...]
    counts: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryPage(PageContext):
    """One advisory about packages."""

    advisory: PackageAdvisory


@router.get(VULNERABILITIES)
async def show_vulnerabilities(
    plugin_id: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace, version: str = ""
) -> Response:
    """What stands against the packages inside of a release, with the versions that mend it."""
    async with deps.works.begin(visitor, trace) as work:
        found = await service.list_vulnerabilities(work, plugin_id, version or None)
        plugin = await catalog.find_plugin(work, plugin_id)
    name, shown = str(plugin.document["name"]), shown_once(found.items)
    page = VulnerabilitiesPage(
        title=f"Known vulnerabilities in {name}",
        crumbs=(("Marketplace", "/marketplace"), (name, f"/marketplace/{plugin.id}")),
        found=found,
        shown=shown,
        counts=counted(shown),
    )
    return await render(request, "certification/vulnerabilities.html", page)


@router.get(ADVISORY)
async def show_advisory(
    advisory_id: str, request: Request, deps: TheDeps, visitor: TheVisitor, trace: TheTrace
) -> Response:
    """One advisory: what it says, and which versions of which packages it is about."""
    async with deps.works.begin(visitor, trace) as work:
        advisory = await service.find_package_advisory(work, advisory_id)
    page = AdvisoryPage(title=advisory.id, crumbs=(("Marketplace", "/marketplace"),), advisory=advisory)
    return await render(request, "certification/package_advisory.html", page)
