"""Routes of what stands behind a badge: evidence, the signed statement, and the keys that verify it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from aei_inspection.checks.report import Report
from aei_inspection.checks.sarif import write_sarif
from aei_marketplace.certification import service
from aei_marketplace.certification.api.shapes import standing_shape
from aei_marketplace.certification.errors import NotCertified
from aei_marketplace.certification.service import Standing
from aei_marketplace.web.requests import TheDeps, TheTrace, TheVisitor
from aei_marketplace.web.responses import json_answer

router = APIRouter(prefix="/plugins")


@router.get("/certification/keys")
async def list_keys(deps: TheDeps, visitor: TheVisitor, trace: TheTrace) -> Response:
    """The public keys that verify statements of badges, as PEM texts. Get them over a way that you trust."""
    async with deps.works.begin(visitor, trace) as work:
        keys = await service.list_verifying_keys(work)
    return json_answer({"items": [{"pem": pem} for pem in keys]})


@router.get("/{plugin_id}/versions/{version}/certification")
async def get_certification(
    plugin_id: str,
    version: str,
    deps: TheDeps,
    visitor: TheVisitor,
    trace: TheTrace,
    format: Annotated[Literal["json", "sarif", "statement"], Query()] = "json",
) -> Response:
    """How a release stands: badge, evidence and, for its publisher, the scan before its listing.

    `format=sarif` gives the findings as SARIF 2.1.0, `format=statement` the signed DSSE envelope.
    """
    async with deps.works.begin(visitor, trace) as work:
        standing = await service.find_standing(work, plugin_id, version)
        waivers = await service.list_waivers(work, standing.release.plugin_id)
        if format == "statement":
            if standing.badge is None:
                raise NotCertified(f"{plugin_id} {version} is not certified.")
            envelope, _ = await service.find_statement(work, standing.badge)
            return Response(envelope, media_type="application/vnd.dsse.envelope.v1+json")
    if format == "sarif":
        return _sarif(standing)
    return json_answer(standing_shape(standing, waivers, staff=visitor.may("certification.decide")))


def _sarif(standing: Standing) -> Response:
    for described in (standing.certification, standing.publish_scan):
        if described is not None and described.evidence is not None:
            evidence = described.evidence
            report = Report(standing.release.package_sha256, evidence.checks, None, None, evidence.scanner)
            return Response(write_sarif(report), media_type="application/sarif+json")
    release = standing.release
    raise NotCertified(f"{release.plugin_id} {release.version} has no report that you may read.")
