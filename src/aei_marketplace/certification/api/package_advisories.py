"""Routes of advisories about packages, and of what stands against a plugin's release."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from aei_marketplace.certification.service import advisories as service
from aei_marketplace.certification.service.advisories import (
    AdvisorySource,
    PackageAdvisory,
    Search,
    Vulnerabilities,
    Vulnerability,
)
from aei_marketplace.web.requests import TheDeps, ThePage, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer, page_answer

router = APIRouter(tags=["certification"])

EcosystemName = Literal["PyPI", "npm", "crates.io", "Go"]
Words = Annotated[str | None, Query(max_length=512)]


@router.get("/package-advisories")
async def search_advisories(
    deps: TheDeps,
    visitor: TheVisitor,
    trace: TheTrace,
    page: ThePage,
    q: Words = None,
    package: Words = None,
    ecosystem: EcosystemName | None = None,
) -> Response:
    """Advisories about packages that plugins may contain, the last modified first. Needs no token.

    `q` is an id or an alias such as a CVE number, `package` a name in any spelling.
    `total` counts up to 10,000.
    """
    search = Search(q.strip() if q else None, package, ecosystem)
    async with deps.works.begin(visitor, trace) as work:
        found = await service.search_package_advisories(work, search, page)
    return page_answer(found, _brief)


@router.get("/package-advisories/{advisory_id}")
async def get_advisory(advisory_id: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """One advisory, with the packages and versions that it is about. Needs no token."""
    async with deps.works.begin(visitor, trace) as work:
        return json_answer(_whole(await service.find_package_advisory(work, advisory_id)))


@router.get("/advisory-sources")
async def list_sources(deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """Where advisories about packages come from, and how new they are. Needs no token."""
    async with deps.works.begin(visitor, trace) as work:
        sources = await service.list_advisory_sources(work)
    return json_answer(
        {"items": [_source(each) for each in sources], "total": len(sources), "next_cursor": None}
    )


@router.get("/plugins/{plugin_id}/vulnerabilities")
async def list_vulnerabilities(
    plugin_id: str, deps: TheDeps, visitor: TheVisitor, trace: TheTrace, version: str | None = None
) -> Response:
    """What stands against the packages inside of a release, the latest where none is named."""
    async with deps.works.begin(visitor, trace) as work:
        found = await service.list_vulnerabilities(work, plugin_id, version)
    return json_answer(_standing(found))


def _brief(advisory: PackageAdvisory) -> dict[str, Any]:
    packages = {(package.ecosystem, package.name): None for package in advisory.packages}
    return {
        "id": advisory.id,
        "aliases": advisory.aliases,
        "summary": advisory.summary,
        "severity": advisory.severity,
        "score": advisory.score,
        "informational": advisory.informational or None,
        "modified": advisory.modified,
        "published": advisory.published,
        "withdrawn": advisory.withdrawn,
        "packages": [{"ecosystem": ecosystem, "name": name} for ecosystem, name in packages],
    }


def _whole(advisory: PackageAdvisory) -> dict[str, Any]:
    return {
        **_brief(advisory),
        "details": advisory.details,
        "references": advisory.links,
        "vectors": advisory.vectors,
        "packages": [
            {
                "ecosystem": package.ecosystem,
                "name": package.name,
                "ranges": [[{kind: version} for kind, version in events] for events in package.ranges],
                "versions": package.versions,
            }
            for package in advisory.packages
        ],
    }


def _source(source: AdvisorySource) -> dict[str, Any]:
    return {
        "name": source.name,
        "records": source.records,
        "dated": source.dated,
        "imported_at": source.imported_at,
        "changed_at": source.changed_at,
    }


def _standing(found: Vulnerabilities) -> dict[str, Any]:
    return {
        "plugin_id": found.plugin_id,
        "version": found.version,
        "scanned_at": found.scanned_at,
        "components": found.components,
        "advisories_at": found.advisories_at,
        "items": [_vulnerability(each) for each in found.items],
        "total": len(found.items),
        "next_cursor": None,
    }


def _vulnerability(each: Vulnerability) -> dict[str, Any]:
    return {
        "advisory": each.advisory_id,
        "aliases": each.aliases,
        "summary": each.summary,
        "severity": each.severity,
        "informational": each.informational or None,
        "package": {"ecosystem": each.ecosystem, "name": each.name, "version": each.version},
        "origin": each.origin,
        "standing": "affected" if each.certain else "unknown",
        "fixed": each.fixed,
        "since": each.since,
    }
