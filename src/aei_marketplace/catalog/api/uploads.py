"""Reading a published package from a multipart body, never further than its limit."""

from fastapi import Request

from aei_marketplace.catalog.service import LARGEST_SUBMISSION, Submission, package_too_large, read_audience
from aei_marketplace.web.multipart import Parts, read_parts

FIELDS = frozenset({"package", "signature", "visibility", "audience"})


async def read_submission(request: Request, plugin_id: str | None) -> Submission:
    """What a publisher sent.

    Raises:
        PackageTooLarge: the body or the package goes beyond its limit.
        Invalid: the body is not the form that is expected.
    """
    parts = await read_parts(request, FIELDS, LARGEST_SUBMISSION, package_too_large())
    try:
        return await _submission(parts, plugin_id)
    finally:
        await parts.form.close()


async def _submission(parts: Parts, plugin_id: str | None) -> Submission:
    return Submission.of(
        await parts.content("package"),
        await parts.content("signature"),
        parts.text("visibility"),
        read_audience(parts.text("audience")),
        plugin_id,
    )
