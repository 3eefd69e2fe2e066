"""Software inside a plugin, as an advisory database names it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from aei_inspection.checks.report import Component
from aei_inspection.extract.pinned import Pinned
from aei_inspection.extract.python import Distribution
from aei_inspection.extract.texts import Extract

#: Types of package URLs (purl specification) and the ecosystems that OSV calls them.
_ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm", "cargo": "crates.io", "golang": "Go"}
_LONGEST = 200
#: The comment that bundlers keep for its licence: `/*! lodash v4.17.20`, `/** @license React v17.0.1`.
_BANNER = re.compile(
    rb"/\*(?:!\s{0,20}(?:\*\s{0,20})?|\*\s{0,20}(?:\*\s{0,20})?@license\s{1,5})"
    rb"((?:@[\w.-]{1,80}/)?[A-Za-z][\w.-]{1,80})\s{1,5}v?"
    rb"(\d{1,6}\.\d{1,6}\.\d{1,6}(?:-[\w.]{1,40})?)(?![\w.])"
)


def embedded_components(
    distributions: Iterable[Distribution], scripts: Iterable[Extract]
) -> Iterator[Component]:
    """What was found in the component: distributions of Python, and scripts that say what they are."""
    for found in distributions:
        yield Component("PyPI", pypi_name(found.name), found.version[:_LONGEST], "embedded")
    for script in scripts:
        for banner in _BANNER.finditer(script.content):
            name, version = banner[1].decode("ascii").lower(), banner[2].decode("ascii")
            yield Component("npm", name.removesuffix(".js")[:_LONGEST], version[:_LONGEST], "embedded")


def sbom_components(sbom: Mapping[str, Any]) -> Iterator[Component]:
    """What an SBOM claims: each component with a version, nested ones included.

    Args:
        sbom: CycloneDX, as the gate accepts it.
    """
    waiting = [entry for entry in sbom.get("components", ()) if isinstance(entry, Mapping)]
    while waiting:
        entry = waiting.pop()
        nested = entry.get("components")
        waiting.extend(e for e in (nested if isinstance(nested, list) else ()) if isinstance(e, Mapping))
        if component := _claimed(entry):
            yield component


def source_components(pinned: Iterable[Pinned]) -> Iterator[Component]:
    """What the supplied source names with an exact version."""
    for ecosystem, name, version in pinned:
        own = pypi_name(name) if ecosystem == "PyPI" else name
        yield Component(ecosystem, own[:_LONGEST], version[:_LONGEST], "source")


def pypi_name(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_purl(text: str) -> tuple[str, str, str] | None:
    """Ecosystem, name and version of a package URL; None when it is none that advisories know.

    What it writes in per cent may be any character; no package's name or version has one that is not printed.
    """
    match = re.fullmatch(r"pkg:([a-z]+)/([^@?#]+)@([^?#]+)(?:[?#].*)?", text, re.DOTALL)
    if match is None or match[1] not in _ECOSYSTEMS:
        return None
    name, version = unquote(match[2]), unquote(match[3])
    if not (name + version).isprintable():
        return None
    return _ECOSYSTEMS[match[1]], pypi_name(name) if match[1] == "pypi" else name, version


def _claimed(entry: Mapping[str, Any]) -> Component | None:
    if entry.get("type") == "file":
        return None
    known = read_purl(str(entry.get("purl", "")))
    ecosystem, name, version = known or ("", str(entry.get("name", "")), str(entry.get("version", "")))
    return Component(ecosystem, name[:_LONGEST], version[:_LONGEST], "sbom") if name else None
