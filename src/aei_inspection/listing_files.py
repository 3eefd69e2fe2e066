"""The parts of a package that people see: texts, icon, SBOM. Each check returns the content or refuses."""

import struct
from collections.abc import Mapping
from typing import Any

from aei_inspection.problems import PackageRefused, Problem, entry_pointer, json_pointer, refuse
from aei_inspection.strict_json import read_json
from aei_inspection.svg import refuse_unsafe_svg
from aei_protocol.limits import MIB
from aei_protocol.manifest import SBOM_NAME

MAX_TEXT = 1 * MIB
MAX_ICON = 256 * 1024
MAX_ICON_EDGE = 2_048
MAX_SBOM = 8 * MIB
MAX_SBOM_DEPTH = 48
MAX_SBOM_COMPONENTS = 20_000
SBOM_VERSIONS = ("1.4", "1.5", "1.6", "1.7")

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = struct.Struct(">L4sLL")


def read_text(name: str, content: bytes) -> str:
    """A text for people.

    Raises:
        PackageRefused: `text_too_large`, `text_not_utf8` or `text_with_nul`.
    """
    place = entry_pointer(name)
    if len(content) > MAX_TEXT:
        raise refuse(
            "text_too_large", place, f"The file has {len(content):,} bytes; at most {MAX_TEXT:,} are allowed."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse(
            "text_not_utf8", place, f"Byte {error.start} is not UTF-8; save the file as UTF-8."
        ) from error
    if "\0" in text:
        raise refuse("text_with_nul", place, "The file contains a NUL byte; it is not a text.")
    return text


def read_icon(name: str, content: bytes) -> bytes:
    """A small picture that can be shown to anyone: PNG, or an SVG that only draws.

    Raises:
        PackageRefused: `icon_too_large`, `icon_not_png` or `svg_unsafe`.
    """
    place = entry_pointer(name)
    if len(content) > MAX_ICON:
        raise refuse(
            "icon_too_large", place, f"The icon has {len(content):,} bytes; at most {MAX_ICON:,} are allowed."
        )
    if name.endswith(".svg"):
        refuse_unsafe_svg(content, place)
    else:
        _refuse_other_than_png(content, place)
    return content


def _refuse_other_than_png(content: bytes, place: str) -> None:
    if not content.startswith(_PNG) or len(content) < len(_PNG) + _PNG_HEADER.size:
        raise refuse(
            "icon_not_png", place, "The file is not a PNG picture; export it as PNG, or use icon.svg."
        )
    size, kind, width, height = _PNG_HEADER.unpack_from(content, len(_PNG))
    if (size, kind) != (13, b"IHDR") or not 0 < width <= MAX_ICON_EDGE or not 0 < height <= MAX_ICON_EDGE:
        raise refuse(
            "icon_not_png", place, f"The PNG needs a header with edges of 1 to {MAX_ICON_EDGE} pixels."
        )


def read_sbom(content: bytes) -> Mapping[str, Any]:
    """The list of what is inside, in CycloneDX JSON (ECMA-424).

    Raises:
        PackageRefused: as `read_json`, or `sbom_invalid`, by pointer into the SBOM.
    """
    place = entry_pointer(SBOM_NAME)
    document = read_json(content, place, MAX_SBOM, MAX_SBOM_DEPTH)
    problems = [
        Problem("sbom_invalid", place + pointer, message) for pointer, message in _sbom_faults(document)
    ]
    if problems:
        raise PackageRefused(problems[:20])
    found: Mapping[str, Any] = document
    return found


def _sbom_faults(document: Any) -> list[tuple[str, str]]:
    if not isinstance(document, dict) or document.get("bomFormat") != "CycloneDX":
        return [("", "The SBOM is not a CycloneDX document; build the package with `aei plugin build`.")]
    faults = []
    if document.get("specVersion") not in SBOM_VERSIONS:
        faults.append(("/specVersion", f"The SBOM's version must be one of {', '.join(SBOM_VERSIONS)}."))
    components = document.get("components", [])
    if not isinstance(components, list) or len(components) > MAX_SBOM_COMPONENTS:
        return [
            *faults,
            ("/components", f"The components must be a list of at most {MAX_SBOM_COMPONENTS:,}."),
        ]
    for index, component in enumerate(components):
        faults.extend((json_pointer(["components", index]), fault) for fault in _component_faults(component))
    return faults


def _component_faults(component: Any) -> list[str]:
    if not isinstance(component, dict):
        return ["A component is an object."]
    texts = {
        key: component.get(key) for key in ("type", "name", "version", "purl", "bom-ref") if key in component
    }
    faults = [f"The component's {key} is missing." for key in ("type", "name") if not component.get(key)]
    return faults + [
        f"The component's {key} is not a text." for key, value in texts.items() if not isinstance(value, str)
    ]
