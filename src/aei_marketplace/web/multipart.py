"""Forms with files: read no further than their limit, and only the fields that belong there."""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from aei_marketplace.ground.errors import Fault, Invalid, TooLarge

MOST_FILES, MOST_FIELDS = 2, 8


@dataclass(frozen=True, slots=True)
class Parts:
    """A form that was read; its files are on disk until it is closed."""

    form: FormData

    async def content(self, name: str) -> bytes | None:
        """A file's bytes, or those of a field; None when there is none."""
        value = self.form.get(name)
        if isinstance(value, UploadFile):
            return await value.read()
        return None if value is None else value.encode()

    async def file(self, name: str) -> tuple[str, bytes] | None:
        """A file's name and bytes; None when there is none, or an empty one as browsers send it."""
        value = self.form.get(name)
        content = await value.read() if isinstance(value, UploadFile) else b""
        return (value.filename or name, content) if isinstance(value, UploadFile) and content else None

    def text(self, name: str) -> str | None:
        """A field's text without blanks around it; None when it is empty.

        Raises:
            Invalid: it was sent as a file.
        """
        value = self.form.get(name)
        if isinstance(value, UploadFile):
            fault = Fault(f"/{name}", "send it as text, not as a file")
            raise Invalid("The form cannot be read.", faults=[fault])
        return value.strip() or None if value is not None else None


async def read_parts(request: Request, known: frozenset[str], most_bytes: int, beyond: TooLarge) -> Parts:
    """The form in a request's body; whoever reads it closes `form`.

    Args:
        known: the fields that may be there, each once.
        beyond: raised as soon as the body has more than `most_bytes`.

    Raises:
        TooLarge: `beyond`.
        Invalid: the body is not the form that is expected.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Invalid(
            "The request is not a form.", faults=[Fault("Content-Type", "send multipart/form-data")]
        )
    stream = _limited(request.stream(), most_bytes, beyond)
    parser = MultiPartParser(request.headers, stream, max_files=MOST_FILES, max_fields=MOST_FIELDS)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Invalid("The form cannot be read.", faults=[Fault("", error.message)]) from error
    await _refuse_surprises(form, known)
    return Parts(form)


async def _limited(pieces: AsyncIterator[bytes], most: int, beyond: TooLarge) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for piece in pieces:
        seen += len(piece)
        if seen > most:
            raise beyond
        yield piece


async def _refuse_surprises(form: FormData, known: frozenset[str]) -> None:
    names = [name for name, _ in form.multi_items()]
    faults = [Fault(f"/{name[:60]}", "there is no such field") for name in names if name not in known]
    faults += [Fault(f"/{name}", "send it once") for name in known if names.count(name) > 1]
    if faults:
        await form.close()
        raise Invalid("The form has fields that do not belong there.", faults=faults)
