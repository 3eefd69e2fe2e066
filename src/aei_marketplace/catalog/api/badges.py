"""Badges as SVG, to be embedded in pages elsewhere. They know no private plugin, whoever asks."""

import hashlib
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request, Response

from aei_marketplace.catalog import service
from aei_marketplace.catalog.rules.badges import Badge, BadgeKind, badge_of
from aei_marketplace.ground.actor import ANONYMOUS
from aei_marketplace.web.requests import TheDeps, TheTrace
from aei_marketplace.web.responses import matches

router = APIRouter(prefix="/badges")

#: Tenths of a pixel that a character takes at 11 px; `textLength` has each font keep to the sum.
_NARROW, _WIDE, _OTHER = 40, 105, 70
_NARROW_LETTERS, _WIDE_LETTERS = frozenset("fijlrt.,:;'|!()[] "), frozenset("mwMWQO@%")
_PADDING = 60
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{said}">'
    '<title>{said}</title><rect width="{width}" height="20" rx="3" fill="#37474f"/>'
    '<path d="M{split} 0h{rest}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{rest}z" fill="{colour}"/>'
    '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
    '<text x="6" y="14" textLength="{label_length}">{label}</text>'
    '<text x="{value_x}" y="14" textLength="{value_length}">{value}</text></g></svg>'
)


@router.get("/{plugin_id}/{kind}.svg", response_class=Response)
async def get_badge(
    plugin_id: str, kind: BadgeKind, request: Request, deps: TheDeps, trace: TheTrace
) -> Response:
    """A public plugin's version, certification or rating as a small picture."""
    async with deps.works.begin(ANONYMOUS, trace) as work:
        plugin = await service.find_plugin(work, plugin_id)
    content = render_badge(badge_of(plugin, kind)).encode()
    headers = {
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "Cache-Control": "public, max-age=300",
        "Content-Security-Policy": "default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    if matches(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="image/svg+xml")


def render_badge(badge: Badge) -> str:
    """The picture; its width depends on its words alone."""
    label, value = width_of(badge.label), width_of(badge.value)
    split = (label + 2 * _PADDING) / 10
    width = split + (value + 2 * _PADDING) / 10
    quoted = {'"': "&quot;"}
    return _SVG.format(
        width=f"{width:g}",
        split=f"{split:g}",
        rest=f"{width - split - 3:g}",
        said=escape(f"{badge.label}: {badge.value}", quoted),
        colour=escape(badge.colour, quoted),
        label=escape(badge.label),
        label_length=f"{label / 10:g}",
        value=escape(badge.value),
        value_x=f"{split + _PADDING / 10:g}",
        value_length=f"{value / 10:g}",
    )


def width_of(text: str) -> int:
    """Tenths of a pixel that a text takes."""
    return sum(
        _NARROW if letter in _NARROW_LETTERS else _WIDE if letter in _WIDE_LETTERS else _OTHER
        for letter in text
    )
