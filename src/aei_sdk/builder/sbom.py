"""The package's list of components, in CycloneDX 1.6 (ECMA-424)."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from email.parser import HeaderParser
from typing import Any

from aei_protocol.manifest import COMPONENT_NAME, Manifest
from aei_sdk.builder.toolchain import Tool

#: Compilers that bring an interpreter: the package type of their purl, and what they bring.
_RUNTIMES = {
    "componentize-py": (
        "pypi",
        "CPython for WebAssembly with its standard library, as this version carries it",
    ),
    "componentize-qjs": ("npm", "QuickJS for WebAssembly, as this version carries it"),
}
_DIST_INFO = re.compile(r"(?:^|/)[^/]+\.dist-info/METADATA$")


def write_sbom(
    manifest: Manifest, component: bytes, sources: Mapping[str, bytes], toolchain: Sequence[Tool]
) -> bytes:
    """The document for one build.

    It carries no time and no random serial number, so that the same build gives the same bytes.
    """
    reference = f"pkg:generic/{manifest.id}@{manifest.version}"
    bundled = [*_bundled_runtime(toolchain), *_bundled_distributions(sources)]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": {"components": [_tool(tool) for tool in toolchain]},
            "component": _plugin(manifest, reference),
        },
        "components": [_file(COMPONENT_NAME, component), *bundled],
        "dependencies": [{"ref": reference, "dependsOn": sorted(c["bom-ref"] for c in bundled)}],
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _plugin(manifest: Manifest, reference: str) -> dict[str, Any]:
    document = manifest.document
    return {
        "type": "application",
        "bom-ref": reference,
        "group": manifest.namespace,
        "name": manifest.id,
        "version": manifest.version,
        "description": document["description"],
        "licenses": [{"license": {"name": document["license"]}}],
    }


def _tool(tool: Tool) -> dict[str, Any]:
    return {"type": "application", "name": tool.name, "version": tool.version}


def _file(name: str, content: bytes) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {
        "type": "file",
        "bom-ref": f"file:{name}",
        "name": name,
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }


def _bundled_runtime(toolchain: Sequence[Tool]) -> list[dict[str, Any]]:
    """What the compiler itself puts into the component: a language's interpreter."""
    return [_runtime(tool, *_RUNTIMES[tool.name]) for tool in toolchain if tool.name in _RUNTIMES]


def _runtime(tool: Tool, registry: str, description: str) -> dict[str, Any]:
    purl = f"pkg:{registry}/{tool.name}@{tool.version}"
    return {
        "type": "framework",
        "bom-ref": purl,
        "name": tool.name,
        "version": tool.version,
        "purl": purl,
        "description": description,
    }


def _bundled_distributions(sources: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Python distributions that the author put under `src/`, known by their metadata."""
    found = (sources[path] for path in sorted(sources) if _DIST_INFO.search(path))
    return [_distribution(content) for content in found]


def _distribution(metadata: bytes) -> dict[str, Any]:
    headers = HeaderParser().parsestr(metadata.decode("utf-8", "replace"))
    name, version = str(headers["Name"]).lower(), str(headers["Version"])
    purl = f"pkg:pypi/{name}@{version}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
