"""Which SVG an icon may be: shapes, gradients and clips, nothing that runs, loads or multiplies.

Elements and attributes are an allowlist of SVG 1.1's drawing parts. What draws other parts again (`use`,
`mask`, `marker`, `pattern`, clips within clips) is left out: ten nested pairs draw a thousand times.
"""

import re
from typing import NoReturn
from xml.parsers import expat

from aei_inspection.problems import refuse, shown

MAX_ELEMENTS = 5_000
MAX_DEPTH = 32
NAMESPACE = "http://www.w3.org/2000/svg"

_ELEMENTS = {
    *("svg", "g", "defs", "title", "desc", "metadata", "path", "rect", "circle", "ellipse", "line"),
    *("polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath"),
}
_ATTRIBUTES = {
    *("id", "class", "version", "role", "focusable", "xml:space", "xml:lang", "href"),
    *("aria-label", "aria-hidden", "aria-labelledby"),
    *("x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "fr", "dx", "dy", "d"),
    *("points", "pathLength", "width", "height", "viewBox", "preserveAspectRatio", "transform", "overflow"),
    *("offset", "gradientTransform", "gradientUnits", "spreadMethod", "clipPathUnits"),
    *("fill", "fill-opacity", "fill-rule", "stop-color", "stop-opacity", "opacity", "color"),
    *("stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-linejoin"),
    *("stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset", "vector-effect", "paint-order"),
    *("clip-path", "clip-rule", "display", "visibility", "shape-rendering", "text-rendering"),
    *("font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline"),
    *("letter-spacing", "word-spacing", "baseline-shift", "textLength", "lengthAdjust"),
}
_XLINK = "http://www.w3.org/1999/xlink href"
_XML = "http://www.w3.org/XML/1998/namespace "
#: The only reference that a value may hold: to a part of the same picture.
_URL = re.compile(r"url\(\s*['\"]?\s*(?!#)", re.IGNORECASE)
_STRANGE = re.compile(r"javascript:|data:|expression\(|@import|\\", re.IGNORECASE)


def refuse_unsafe_svg(content: bytes, place: str) -> None:
    """Refuse an SVG that does more than draw.

    Raises:
        PackageRefused: `svg_unsafe`, with the first part that is not allowed.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    rules = _Rules(place)
    parser.StartElementHandler = rules.start
    parser.EndElementHandler = rules.end
    parser.StartDoctypeDeclHandler = rules.doctype
    parser.EntityDeclHandler = rules.doctype
    parser.ProcessingInstructionHandler = rules.instruction
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise refuse("svg_unsafe", place, f"The icon is not well-formed XML: {error}.") from error


class _Rules:
    """What the parser meets, refused unless it is on the lists."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._elements = 0
        self._depth = 0
        self._clip_depth = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            self._refuse(f"it has more than {MAX_ELEMENTS} elements or {MAX_DEPTH} levels")
        namespace, _, local = name.rpartition(" ")
        if namespace != NAMESPACE or local not in _ELEMENTS or (self._depth == 1) != (local == "svg"):
            self._refuse(f"the element {shown(local, 40)!r} is not allowed here")
        self._clip_depth += bool(self._clip_depth) or local == "clipPath"
        for attribute, value in attributes.items():
            self._attribute(attribute, value)

    def end(self, _name: str) -> None:
        self._depth -= 1
        self._clip_depth -= bool(self._clip_depth)

    def doctype(self, *_parts: object) -> None:
        self._refuse("it declares a document type or entities")

    def instruction(self, *_parts: object) -> None:
        self._refuse("it carries a processing instruction")

    def _attribute(self, name: str, value: str) -> None:
        plain = "href" if name == _XLINK else name.replace(_XML, "xml:")
        if plain not in _ATTRIBUTES:
            self._refuse(f"the attribute {shown(plain, 40)!r} is not allowed; use plain drawing attributes")
        if plain == "href" and not value.startswith("#"):
            self._refuse("it refers to something outside itself")
        if plain == "clip-path" and self._clip_depth:
            self._refuse("a clip is clipped again")
        if _URL.search(value) or _STRANGE.search(value):
            self._refuse(f"the attribute {plain!r} refers to something outside the picture")

    def _refuse(self, how: str) -> NoReturn:
        raise refuse("svg_unsafe", self._place, f"The icon can't be shown safely: {how}.")
