"""Static files: hashed names, compressed once, kept in memory, cached by browsers for good.

Our own files lie in `static`, here and in each domain. htmx is served out of the installed package that
declares it; none of its source is in this repository.
"""

import gzip
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

from fastapi import APIRouter, Request, Response

from aei_marketplace.ground.errors import NotFound

router = APIRouter(include_in_schema=False)

PREFIX = "/static/"
_HERE = Path(__file__).parent / "static"
_DOMAINS = Path(__file__).parents[2]
#: One style sheet, read in this order.
STYLE = (
    "tokens",
    "base",
    "shell",
    "components",
    "forms",
    "tables",
    "pages",
    "plugins",
    "installing",
    "executions",
    "administration",
    "reviews",
    "revenue",
)
_HTMX = "django-js-lib-htmx"
_HTMX_FILES = {
    "htmx.js": "js_lib_htmx/static/htmx/htmx.min.js",
}
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


class NoSuchFile(NotFound):
    """There is no static file of that name, or not any more."""

    type = "no-such-file"
    advice = "Load the page that asked for it again: it names the files of this version."


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file as it is served.

    Attributes:
        address: its path, with a digest of its content.
    """

    address: str
    media_type: str
    content: bytes
    compressed: bytes

    def answer(self, request: Request) -> Response:
        """The file, compressed for who takes that."""
        takes_gzip = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"Cache-Control": _FOR_GOOD, "Vary": "Accept-Encoding"}
        if takes_gzip:
            headers["Content-Encoding"] = "gzip"
        body = self.compressed if takes_gzip else self.content
        return Response(body, headers=headers, media_type=self.media_type)


@cache
def static_files() -> dict[str, StaticFile]:
    """Every static file, by the name that templates use."""
    return {name: _prepare(name, content) for name, content in _contents()}


@cache
def _by_address() -> dict[str, StaticFile]:
    return {file.address: file for file in static_files().values()}


def asset(name: str) -> str:
    """The address of a static file.

    Raises:
        KeyError: there is no such file: a mistake in a template.
    """
    return static_files()[name].address


@router.get(PREFIX + "{name}")
async def serve(name: str, request: Request) -> Response:
    """A static file."""
    file = _by_address().get(PREFIX + name)
    if file is None:
        raise NoSuchFile(f"There is no file {name[:80]!r}.")
    return file.answer(request)


def _contents() -> Iterator[tuple[str, bytes]]:
    yield "style.css", b"\n".join(_read(_HERE / "style" / f"{part}.css") for part in STYLE)
    for path in _own_files():
        yield path.name, _read(path)
    package = distribution(_HTMX)
    for name, file in _HTMX_FILES.items():
        yield name, _read(Path(str(package.locate_file(file))))


def _own_files() -> Iterable[Path]:
    folders = [_HERE, _HERE / "script", *sorted(_DOMAINS.glob("*/static"))]
    return [path for folder in folders for path in sorted(folder.iterdir()) if path.suffix in _TYPES]


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _prepare(name: str, content: bytes) -> StaticFile:
    path = PurePosixPath(name)
    digest = hashlib.sha256(content).hexdigest()[:12]
    address = f"{PREFIX}{path.stem}.{digest}{path.suffix}"
    return StaticFile(address, _TYPES[path.suffix], content, gzip.compress(content, 9, mtime=0))
