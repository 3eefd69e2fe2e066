"""Reading a published package from a multipart body, never further than its limit."""

from collections.abc import AsyncGenerator, AsyncIterator

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from aei_inspection.archive import MAX_ARCHIVE
from aei_marketplace.catalog.errors import PackageProblems, PackageTooLarge
from aei_marketplace.catalog.service import Submission
from aei_marketplace.ground.errors import Fault, Invalid

#: What may stand around the package: the signature, the fields, the boundaries.
ENVELOPE = 256 * 1024
FIELDS = frozenset({"package", "signature", "visibility", "audience"})
MOST_TENANTS = 100


async def read_submission(request: Request, plugin_id: str | None) -> Submission:
    """What a publisher sent.

    Raises:
        PackageTooLarge: the body or the package goes beyond its limit.
        Invalid: the body is not the form that is expected.
    """
    form = await _read_form(request)
    try:
        return await _submission(form, plugin_id)
    finally:
        await form.close()


async def _read_form(request: Request) -> FormData:
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Invalid(
            "The request is not a form.", faults=[Fault("Content-Type", "send multipart/form-data")]
        )
    stream = _limited(request.stream())
    try:
        return await MultiPartParser(request.headers, stream, max_files=2, max_fields=8).parse()
    except MultiPartException as error:
        raise Invalid("The form cannot be read.", faults=[Fault("", error.message)]) from error


async def _limited(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for piece in pieces:
        seen += len(piece)
        if seen > MAX_ARCHIVE + ENVELOPE:
            raise PackageTooLarge(f"The request has more than {MAX_ARCHIVE + ENVELOPE} bytes.")
        yield piece


async def _submission(form: FormData, plugin_id: str | None) -> Submission:
    _refuse_surprises(form)
    package = await _bytes(form, "package")
    if package is None:
        raise PackageProblems(
            "There is no package.", faults=[Fault("/package", "send the package as a file")]
        )
    if len(package) > MAX_ARCHIVE:
        raise PackageTooLarge(f"The package has {len(package)} bytes; at most {MAX_ARCHIVE} are taken.")
    return Submission(
        package, await _bytes(form, "signature"), _text(form, "visibility"), _audience(form), plugin_id
    )


def _refuse_surprises(form: FormData) -> None:
    names = [name for name, _ in form.multi_items()]
    faults = [Fault(f"/{name[:60]}", "there is no such field") for name in names if name not in FIELDS]
    faults += [Fault(f"/{name}", "send it once") for name in FIELDS if names.count(name) > 1]
    if faults:
        raise Invalid("The form has fields that do not belong there.", faults=faults)


async def _bytes(form: FormData, name: str) -> bytes | None:
    value = form.get(name)
    if isinstance(value, UploadFile):
        return await value.read()
    return None if value is None else value.encode()


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    if isinstance(value, UploadFile):
        raise Invalid(
            "The form cannot be read.", faults=[Fault(f"/{name}", "send it as text, not as a file")]
        )
    return value.strip() or None if value is not None else None


def _audience(form: FormData) -> tuple[str, ...] | None:
    text = _text(form, "audience")
    if text is None:
        return None
    slugs = tuple(sorted({slug.strip() for slug in text.split(",")} - {""}))
    if len(slugs) > MOST_TENANTS:
        raise Invalid(
            "The audience is too long.", faults=[Fault("/audience", f"at most {MOST_TENANTS} tenants")]
        )
    return slugs
