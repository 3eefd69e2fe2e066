"""The manifest `plugin.json` as a value. Its schema is `manifest.schema.json` beside this file."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

from aei_protocol.identifiers import PluginId
from aei_protocol.interface import interfaces_for
from aei_protocol.limits import Limits, requested_limits
from aei_protocol.permissions import Capabilities

MANIFEST_NAME = "plugin.json"
COMPONENT_NAME = "plugin.wasm"
README_NAME = "README.md"
SBOM_NAME = "sbom.cdx.json"
PACKAGE_SUFFIX = ".aeiplugin"


@dataclass(frozen=True)
class Manifest:
    """A manifest that has passed the schema and the gate; `document` is it, whole."""

    document: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.document["id"])

    @property
    def version(self) -> str:
        return str(self.document["version"])

    @property
    def namespace(self) -> str:
        return PluginId.parse(self.id).namespace

    @property
    def kind(self) -> str:
        return str(self.document["kind"])

    @property
    def permissions(self) -> Mapping[str, Mapping[str, Any]]:
        permissions: Mapping[str, Mapping[str, Any]] = self.document.get("permissions", {})
        return permissions

    @property
    def dependencies(self) -> Mapping[str, str]:
        dependencies: Mapping[str, str] = self.document.get("dependencies", {})
        return dependencies

    @property
    def aei_range(self) -> str:
        """The npm-style range of AEI versions that the release supports; `*` when it says nothing."""
        return str(self.document.get("compatibility", {}).get("aei", "*"))

    @cached_property
    def capabilities(self) -> Capabilities:
        """What the release requests."""
        return Capabilities.requested(self.permissions, self.dependencies)

    @cached_property
    def interfaces(self) -> tuple[str, ...]:
        """The interfaces that its component may import."""
        return interfaces_for(self.permissions, self.dependencies)

    @cached_property
    def limits(self) -> Limits:
        """What it asks for."""
        return requested_limits(self.document.get("limits", {}))


def manifest_schema() -> dict[str, Any]:
    """The closed JSON Schema (2020-12) of `plugin.json`."""
    text = (files("aei_protocol") / "manifest.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
