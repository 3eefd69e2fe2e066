"""Releases as executions need them, read once: a release never changes, only its state does."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from aei_inspection.schemas import CompiledSchema, compile_schema
from aei_marketplace.catalog import service as catalog
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.work import Works
from aei_marketplace.installations.rules.grants import held_capabilities
from aei_protocol.manifest import Manifest
from aei_protocol.permissions import Capabilities

MOST_RELEASES = 512
_MOST_GRANTS = 256


@dataclass(frozen=True, slots=True)
class Runnable:
    """A release, ready to be checked against and sent.

    Attributes:
        component: sha256 of the component, hexadecimal.
        schema: its `input_schema`; None takes any task.
        pricing: the model that its manifest names.
        owner: the publisher's tenant when it was read.
    """

    manifest: Manifest
    component: str
    schema: CompiledSchema | None
    pricing: str
    owner: UUID
    _held: dict[str, Capabilities] = field(default_factory=dict)

    def capabilities(self, grants: str) -> Capabilities:
        """What the guest holds under grants (their JSON text)."""
        held = self._held.get(grants)
        if held is None:
            if len(self._held) >= _MOST_GRANTS:
                self._held.clear()
            parsed: Mapping[str, Mapping[str, object]] = msgspec.json.decode(grants)
            held = self._held[grants] = held_capabilities(self.manifest, parsed)
        return held


class Releases:
    """The releases that were run last, by id."""

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, Runnable] = OrderedDict()

    async def find(self, works: Works, actor: Actor, release_id: UUID) -> Runnable | None:
        """A release; None when the actor may not see it any more."""
        known = self._known.get(release_id)
        if known is not None:
            self._known.move_to_end(release_id)
            return known
        async with works.begin(actor) as work:
            view = (await catalog.releases_by_id(work, [release_id])).get(release_id)
        if view is None:
            return None
        runnable = as_runnable(view.manifest, view.component_sha256, view.owner_tenant)
        self._known[release_id] = runnable
        if len(self._known) > MOST_RELEASES:
            self._known.popitem(last=False)
        return runnable


def as_runnable(manifest: Manifest, component: str, owner: UUID) -> Runnable:
    """A release from its manifest, with its input schema compiled."""
    schema = manifest.document.get("input_schema")
    compiled = compile_schema(schema) if schema else None
    pricing = manifest.document.get("pricing", {}).get("model", "free")
    return Runnable(manifest, component, compiled, pricing, owner)
