"""A plugin of the experiment: its component, its manifest, its package."""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aei_protocol.interface import interfaces_for
from aei_protocol.limits import Limits, requested_limits
from aei_protocol.manifest import COMPONENT_NAME, MANIFEST_NAME, README_NAME
from aei_protocol.permissions import Capabilities

#: Who publishes the plugins that every tenant installs.
NAMESPACE = "wild"
#: Internal services of the experiment, as guests name them; the marketplace is told where they are.
ORIGIN, ORIGIN_PORT = "origin.example", 8080
MODELS, MODELS_PORT = "models.example", 8081

#: Entry name → content.
Entries = Mapping[str, bytes]


@dataclass(frozen=True)
class Plugin:
    """A plugin and what its manifest asks for.

    Attributes:
        build: makes the component.
        grants: what tenants grant; all that is asked for when None.
        published: gives a finished package, where a project has one.
    """

    name: str
    build: Callable[[], bytes]
    permissions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    dependencies: Mapping[str, str] = field(default_factory=dict)
    grants: Mapping[str, Mapping[str, Any]] | None = None
    output_schema: Mapping[str, Any] | None = None
    namespace: str = NAMESPACE
    published: Callable[[], bytes] | None = None

    @property
    def id(self) -> str:
        return f"{self.namespace}.{self.name}"

    @cached_property
    def component(self) -> bytes:
        """The component, built once."""
        return self.build()

    @cached_property
    def component_sha256(self) -> str:
        """The component's digest."""
        return hashlib.sha256(self.component).hexdigest()

    @property
    def interfaces(self) -> tuple[str, ...]:
        return interfaces_for(self.permissions, self.dependencies)

    @property
    def granted(self) -> Mapping[str, Mapping[str, Any]]:
        return self.permissions if self.grants is None else self.grants

    @property
    def capabilities(self) -> Capabilities:
        """What a guest holds under the grants."""
        asked = Capabilities.requested(self.permissions, self.dependencies)
        return asked.intersect(Capabilities.requested(self.granted, self.dependencies))

    @property
    def asked_limits(self) -> Limits:
        return requested_limits(self.limits)

    def package(self, version: str = "1.0.0", id: str | None = None) -> bytes:
        """The package as it is published."""
        if self.published is not None and id is None:
            return self.published()
        manifest = make_manifest(id or self.id, version, self.permissions, self.limits, self.dependencies)
        if self.output_schema is not None:
            manifest["output_schema"] = self.output_schema
        return pack(manifest, self.component)


def make_manifest(
    id: str,
    version: str,
    permissions: Mapping[str, Mapping[str, Any]],
    limits: Mapping[str, int],
    dependencies: Mapping[str, str],
) -> dict[str, Any]:
    """A manifest that passes the gate."""
    manifest: dict[str, Any] = {
        "manifest_version": 1,
        "id": id,
        "version": version,
        "name": id.partition(".")[2].replace("-", " "),
        "description": "Part of the experiment with hostile plugins",
        "author": {"name": "Experiment"},
        "kind": "tool",
        "categories": ["testing"],
        "license": "Apache-2.0",
        "compatibility": {"aei": ">=1.0.0 <3.0.0"},
        "config_schema": {"type": "object", "properties": {"canary": {"type": "string"}}},
    }
    if permissions:
        reason = {"reason": "the experiment needs it"}
        manifest["permissions"] = {name: {**scope, **reason} for name, scope in permissions.items()}
    if limits:
        manifest["limits"] = dict(limits)
    if dependencies:
        manifest["dependencies"] = dict(dependencies)
    return manifest


def pack(manifest: Mapping[str, Any], component: bytes) -> bytes:
    """A package of a manifest and a component."""
    return pack_entries(
        {
            MANIFEST_NAME: json.dumps(manifest).encode(),
            COMPONENT_NAME: component,
            README_NAME: b"# A hostile plugin\n\nPart of the experiment.\n",
        }
    )


def pack_entries(entries: Entries) -> bytes:
    """A zip of entries, in their order."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()
