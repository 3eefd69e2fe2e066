"""The builders of the corpus: a component around some memory, a package around a component."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from aei_inspection.checks.subject import Previous, Subject
from aei_marketplace.bench.corpus.heap import BASE, PythonHeap
from aei_marketplace.bench.hostile.assembly import Guest, assemble
from aei_marketplace.bench.hostile.plugin import pack_entries
from aei_protocol.manifest import COMPONENT_NAME, MANIFEST_NAME, README_NAME, SBOM_NAME

HOST = "api.acme.example"
NETWORK: Mapping[str, Mapping[str, Any]] = {"network": {"hosts": [HOST], "reason": "asks for prices"}}
_ANSWER = "(call $ok (i32.const 0) (i32.const 0))"
#: Where a guest's texts begin.
_FIRST = 1024
#: `PyASCIIObject` on 32 bits: reference count and type, length, hash, state.
_HEAD, _STATE = bytes(8), (0x65).to_bytes(4, "little")


@dataclass(frozen=True)
class Sample:
    """A plugin of the corpus.

    Attributes:
        package: makes the archive.
        check, rule: the check that is to flag it, and the rule of its finding; empty for an honest one.
        previous: the certified release before it.
    """

    name: str
    package: Callable[[], bytes]
    check: str = ""
    rule: str = ""
    previous: Previous | None = None

    def subject(self) -> Subject:
        """What checks look at."""
        return Subject(self.package(), self.previous)


@lru_cache(maxsize=256)
def component(texts: Sequence[bytes], imports: Sequence[str], module: str, body: str, heap: bytes) -> bytes:
    """A valid component.

    Args:
        texts: what lies in its memory, each behind a zero.
        imports: functions of the interface: `http.fetch`.
        module: further definitions in its core module, as WAT; body: of `run`.
        heap: what lies from `BASE` on.
    """
    guest = Guest(*imports)
    if heap:
        guest.text(bytes(BASE - _FIRST))
        guest.text(heap)
    for text in texts:
        guest.text(b"\0\0\0\0" + text + b"\0")
    pages = 8 + (len(heap) + sum(map(len, texts))) // 65_536
    return guest.build(body, module=module, pages=pages)


def python_text(text: str) -> bytes:
    """A string as CPython's heap holds it."""
    return _HEAD + len(text).to_bytes(4, "little") + bytes(4) + _STATE + text.encode("ascii")


def manifest(**changes: Any) -> dict[str, Any]:
    """A manifest that passes the gate, with other values; None leaves a key out."""
    document: dict[str, Any] = {
        "manifest_version": 1,
        "id": "acme.prices",
        "version": "1.0.0",
        "name": "Prices",
        "description": "Looks up the prices of parts",
        "author": {"name": "Acme", "email": "plugins@acme.example"},
        "homepage": "https://acme.example/prices",
        "kind": "tool",
        "categories": ["testing"],
        "license": "Apache-2.0",
        "compatibility": {"aei": ">=1.0.0 <3.0.0"},
    }
    return {key: value for key, value in {**document, **changes}.items() if value is not None}


def package(
    *texts: bytes | str,
    source: Mapping[str, bytes | str] | None = None,
    files: Mapping[str, bytes | str] | None = None,
    network: bool = False,
    imports: Sequence[str] = (),
    module: str = "",
    body: str = _ANSWER,
    heap: PythonHeap | None = None,
    component_wat: str | None = None,
    sbom: Sequence[tuple[str, str]] | None = None,
    **changes: Any,
) -> bytes:
    """A package.

    Args:
        texts: what lies in the component's memory.
        source: files below `source/`.
        files: other files.
        network: ask for the network, and import what it opens.
        imports, module, body: of the component; heap: of its interpreter.
        component_wat: another component instead, as WAT.
        sbom: distributions that it claims, name and version.
        changes: of the manifest.
    """
    if network:
        imports = (*imports, "http.fetch")
        changes = {"permissions": NETWORK, **changes}
    memory = bytes(heap.content) if heap else b""
    built = (
        assemble(component_wat)
        if component_wat
        else component(tuple(_raw(text) for text in texts), tuple(imports), module, body, memory)
    )
    entries: dict[str, bytes] = {
        MANIFEST_NAME: json.dumps(manifest(**changes)).encode(),
        COMPONENT_NAME: built,
        README_NAME: b"# Prices\n\nLooks up the prices of parts.\n",
    }
    if sbom is not None:
        entries[SBOM_NAME] = _sbom(sbom)
    entries |= {f"source/{name}": _raw(content) for name, content in (source or {}).items()}
    entries |= {name: _raw(content) for name, content in (files or {}).items()}
    return pack_entries(entries)


def python(code: str, **more: Any) -> partial[bytes]:
    """Makes a package whose source is this one file; `more` as for `package`."""
    return partial(package, source={"plugin.py": code}, **more)


def script(code: str, **more: Any) -> partial[bytes]:
    """Makes a package whose source is this one script; `more` as for `package`."""
    return partial(package, source={"plugin.js": code}, **more)


def previous(size: int = 5_000, hosts: tuple[str, ...] = (), **changes: Any) -> Previous:
    """The certified release before."""
    return Previous("1.0.0", "0" * 64, size, manifest(**{"permissions": NETWORK, **changes}), hosts)


def _sbom(distributions: Sequence[tuple[str, str]]) -> bytes:
    listed = [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:pypi/{name}@{version}"}
        for name, version in distributions
    ]
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": listed}).encode()


def _raw(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content
