"""The parts of a package that people see: texts, icon, SBOM."""

import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aei_inspection.listing_files import (
    MAX_ICON,
    MAX_SBOM_COMPONENTS,
    MAX_TEXT,
    read_icon,
    read_sbom,
    read_text,
)
from aei_inspection.problems import PackageRefused

SVG = 'xmlns="http://www.w3.org/2000/svg"'
XLINK = 'xmlns:xlink="http://www.w3.org/1999/xlink"'


def png(width: int, height: int) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">L4sLL", 13, b"IHDR", width, height)
        + b"\x08\x06\0\0\0"
        + bytes(40)
    )


def drawing(inside: str, attributes: str = "") -> bytes:
    return f"<svg {SVG} {attributes}>{inside}</svg>".encode()


def bom(**changes: Any) -> bytes:
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [], **changes}).encode()


def code_of(refusal: pytest.ExceptionInfo[PackageRefused]) -> str:
    return refusal.value.problems[0].code


def test_a_text_is_read_without_its_byte_order_mark() -> None:
    assert read_text("README.md", b"\xef\xbb\xbf# Gr\xc3\xbc\xc3\x9fe\n") == "# Grüße\n"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"x" * (MAX_TEXT + 1), "text_too_large"),
        (b"caf\xe9", "text_not_utf8"),
        (b"a\0b", "text_with_nul"),
        ("text".encode("utf-16"), "text_not_utf8"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(PackageRefused) as refusal:
        read_text("README.md", content)
    assert code_of(refusal) == code
    assert refusal.value.problems[0].pointer == "archive:/README.md"


def test_a_png_icon_is_accepted() -> None:
    assert read_icon("icon.png", png(128, 128)) == png(128, 128)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("icon.png", b"GIF89a" + bytes(60), "icon_not_png"),
        ("icon.png", b"\x89PNG\r\n\x1a\n", "icon_not_png"),
        ("icon.png", png(0, 128), "icon_not_png"),
        ("icon.png", png(128, 1 << 31), "icon_not_png"),
        ("icon.png", drawing(""), "icon_not_png"),
        ("icon.png", png(1, 1) + bytes(MAX_ICON), "icon_too_large"),
        ("icon.svg", b" " * (MAX_ICON + 1), "icon_too_large"),
        ("icon.svg", png(128, 128), "svg_unsafe"),
        ("icon.svg", b"", "svg_unsafe"),
    ],
)
def test_what_is_no_icon_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(PackageRefused) as refusal:
        read_icon(name, content)
    assert code_of(refusal) == code


def test_an_svg_that_only_draws_is_accepted() -> None:
    content = drawing(
        '<title>Sum</title><defs><linearGradient id="a"><stop offset="0" stop-color="#fff"/></linearGradient>'
        '<linearGradient id="b" xlink:href="#a"/><clipPath id="c"><rect width="9"/></clipPath></defs>'
        '<g fill="url(#b)" clip-path="url(#c)" transform="scale(2)"><path d="M0 0h9v9z" aria-label="x"/></g>',
        f'{XLINK} viewBox="0 0 9 9" role="img"',
    )
    assert read_icon("icon.svg", content) == content


UNSAFE = {
    "script": "<script>alert(1)</script>",
    "script in another case": "<SCRIPT>alert(1)</SCRIPT>",
    "script of another namespace": '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
    "event handler": '<path onload="alert(1)"/>',
    "click handler": '<g onclick="alert(1)"/>',
    "foreign object": "<foreignObject><b/></foreignObject>",
    "image": '<image href="https://a.example/x.png"/>',
    "use": '<use href="#a"/>',
    "link": '<a href="https://a.example/"><path/></a>',
    "animation": '<path><animate attributeName="href" to="javascript:alert(1)"/></path>',
    "set": '<path><set attributeName="onload" to="alert(1)"/></path>',
    "style element": "<style>@import url(https://a.example/x.css)</style>",
    "style attribute": '<path style="background:url(https://a.example/)"/>',
    "external paint": '<path fill="url(https://a.example/x#y)"/>',
    "external paint in quotes": "<path fill=\"url( 'https://a.example/x#y' )\"/>",
    "external paint by escape": '<path fill="u\\72l(https://a.example/x)"/>',
    "external gradient": f'<linearGradient {XLINK} xlink:href="https://a.example/#g"/>',
    "script address": '<linearGradient href="javascript:alert(1)"/>',
    "base address": '<g xml:base="https://a.example/"/>',
    "clip within a clip": '<clipPath id="a"><path clip-path="url(#b)"/></clipPath>',
    "processing instruction": '<?xml-stylesheet href="https://a.example/x.css"?>',
    "filter": '<filter id="f"><feImage href="https://a.example/"/></filter>',
    "not closed": "<g>",
    "undefined entity": "&nbsp;",
    "too many elements": "<g/>" * 5_001,
    "too deep": "<g>" * 40 + "</g>" * 40,
    "svg within svg": f"<svg {SVG}/>",
}


@pytest.mark.parametrize("how", UNSAFE)
def test_an_svg_that_does_more_than_draw_is_refused(how: str) -> None:
    with pytest.raises(PackageRefused) as refusal:
        read_icon("icon.svg", drawing(UNSAFE[how]))
    assert code_of(refusal) == "svg_unsafe"


@pytest.mark.parametrize(
    "content",
    [
        b"<svg/>",
        b'<html xmlns="http://www.w3.org/1999/xhtml"/>',
        f"<g {SVG}/>".encode(),
        f'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg {SVG}>&b;</svg>'.encode(),
        f'<!DOCTYPE svg SYSTEM "file:///etc/passwd"><svg {SVG}/>'.encode(),
        f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg {SVG}>&x;</svg>'.encode(),
    ],
)
def test_another_document_or_one_with_entities_is_refused(content: bytes) -> None:
    with pytest.raises(PackageRefused) as refusal:
        read_icon("icon.svg", content)
    assert code_of(refusal) == "svg_unsafe"


@given(st.binary(max_size=80) | st.text("<>/&;!?svg \"'=x-", max_size=60).map(str.encode))
def test_any_bytes_are_an_icon_or_refused(content: bytes) -> None:
    with suppress(PackageRefused):
        read_icon("icon.svg", content)
    with suppress(PackageRefused):
        read_icon("icon.svg", drawing("") + content)


def test_an_sbom_is_read() -> None:
    component = {"type": "library", "name": "x", "version": "1", "purl": "pkg:pypi/x@1", "properties": []}
    assert read_sbom(bom(components=[component]))["components"] == [component]


@pytest.mark.parametrize(
    ("content", "code", "pointer"),
    [
        (b"{", "json_malformed", ""),
        (b"[]", "sbom_invalid", ""),
        (b'{"spdxVersion": "SPDX-2.3"}', "sbom_invalid", ""),
        (bom(specVersion="1.2"), "sbom_invalid", "/specVersion"),
        (bom(components={}), "sbom_invalid", "/components"),
        (bom(components=[0] * (MAX_SBOM_COMPONENTS + 1)), "sbom_invalid", "/components"),
        (bom(components=["x"]), "sbom_invalid", "/components/0"),
        (bom(components=[{"type": "library"}]), "sbom_invalid", "/components/0"),
        (bom(components=[{"type": "library", "name": 3}]), "sbom_invalid", "/components/0"),
        (bom(components=[{"type": "library", "name": "x", "purl": []}]), "sbom_invalid", "/components/0"),
        (b"[" * 60 + b"]" * 60, "json_too_deep", ""),
        (b'"' + b"x" * (8 << 20) + b'"', "json_too_large", ""),
    ],
)
def test_what_is_no_sbom_is_refused(content: bytes, code: str, pointer: str) -> None:
    with pytest.raises(PackageRefused) as refusal:
        read_sbom(content)
    assert (code_of(refusal), refusal.value.problems[0].pointer) == (code, f"archive:/sbom.cdx.json{pointer}")
