"""`render`: from a template's name and a page's values to an answer with safe headers."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from aei_marketplace.web.csrf import FIELD, csrf_token
from aei_marketplace.web.shell import formats, marks, static
from aei_marketplace.web.shell.flashes import COOKIE as FLASH_COOKIE
from aei_marketplace.web.shell.forms import ONCE_FIELD
from aei_marketplace.web.shell.frame import look_around

_DOMAINS = Path(__file__).parents[2]
_SHELL = Path(__file__).parent / "templates"

#: Nothing but our own files, no script or style within a page, nobody's frame.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
#: What a template extends that is a page of its own, and part of another one.
WHOLE, PART = "shell/base.html", "shell/part.html"
#: Tells scripts that an answer is made to be put into a page, whatever its status.
PART_HEADER = "AEI-Fragment"
#: So many pieces of pages are remembered; a card, the largest of them, has about 2 kB.
_MOST_REMEMBERED = 4_096
SAFE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Vary": "Cookie, HX-Request",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """What every template can rely on; each page adds its own values.

    Attributes:
        title: the page's name, as its heading and the browser's tab show it.
        crumbs: (label, path) of the pages above it, from the second level down.
    """

    title: str
    crumbs: tuple[tuple[str, str], ...] = ()


async def render(
    request: Request,
    template: str,
    page: PageContext,
    status: int = 200,
    *,
    ask: bool = True,
    part: bool = False,
) -> Response:
    """A page, or its content alone for scripts that put it into another page.

    Args:
        template: `domain/name.html`: the file `name.html` in that domain's folder `templates`.
        page: what the template shows, as `page`.
        ask: whether the shell may ask the database; see `look_around`.
        part: only the block `content`; the template extends `base` for that.
    """
    around = await look_around(request, ask=ask and not part)
    html = fill(request, template, page=page, shell=around, base=PART if part else WHOLE)
    response = HTMLResponse(html, status, SAFE_HEADERS)
    response.headers["Cache-Control"] = "no-store" if around.signed_in else "no-cache"
    if part:
        response.headers[PART_HEADER] = "yes"
    elif around.flash is not None:
        response.delete_cookie(FLASH_COOKIE)
    return response


def wants_part(request: Request) -> bool:
    """Whether a script of ours asks, to put the answer into the page that is open."""
    return request.headers.get("hx-request") == "true"


def fill(request: Request, template: str, **values: Any) -> str:
    """A template with values, and with what forms of this visitor need."""
    token = csrf_token(request)
    return environment().get_template(template).render(csrf=token, once=lambda: uuid4().hex, **values)


@lru_cache(_MOST_REMEMBERED)
def remembered(macro: Callable[..., Markup], *values: Hashable) -> Markup:
    """What a macro makes of values, made once.

    Only for macros that go by their values alone: not by the reader, the time or a token.
    """
    return macro(*values)


@cache
def environment() -> Environment:
    """The one environment: escapes everywhere, and stops at a name that is not there."""
    folders = {path.parent.name: path for path in sorted(_DOMAINS.glob("*/templates"))}
    loaders = {name: FileSystemLoader(path) for name, path in {**folders, "shell": _SHELL}.items()}
    made = Environment(
        loader=PrefixLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=formats.shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= _FILTERS
    made.globals |= _GLOBALS
    return made


_FILTERS: dict[str, Any] = {
    "counted": formats.counted,
    "exact_time": formats.exact_time,
    "machine_time": formats.machine_time,
    "money": formats.money,
    "number": formats.number,
    "person_mark": marks.person_mark,
    "plugin_mark": marks.plugin_mark,
    "relative_time": formats.relative_time,
    "short_digest": formats.short_digest,
    "short_number": formats.short_number,
    "size": formats.size,
}
_GLOBALS: dict[str, Any] = {
    "asset": static.asset,
    "csrf_field": FIELD,
    "once_field": ONCE_FIELD,
    "remembered": remembered,
    "version": version("aei-marketplace"),
}
