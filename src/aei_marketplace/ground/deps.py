"""Everything that a process hands to its domains: one frozen value, built in `wiring`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.live import Live
from aei_marketplace.ground.plugin_models import PluginModels
from aei_marketplace.ground.ports import Blobs, ModelEndpoints, Sandbox
from aei_marketplace.ground.work import Works
from aei_protocol.limits import OPERATOR_ALLOWANCE, Allowance, Limits


@dataclass(frozen=True)
class Deps:
    """What a web or job process works with.

    Attributes:
        authenticate: from a bearer token and a trace id to the actor; raises NotSignedIn.
        master_key: 32 bytes that wrap the tenants' data keys.
        operator_cap: the most that any execution may have.
        aei_version: the AEI version that this marketplace serves.
        model_endpoints: the way to the tenants' model endpoints.
        plugin_models: the way to installed plugins of kind `model`, once executions run here.
        live: tells listeners in this process what happens right now.
        operator_allowance: the most that any tenant may execute.
    """

    works: Works
    blobs: Blobs
    sandbox: Sandbox
    authenticate: Callable[[str, str], Awaitable[Actor]]
    master_key: bytes
    operator_cap: Limits
    aei_version: str
    model_endpoints: ModelEndpoints
    plugin_models: PluginModels
    live: Live
    operator_allowance: Allowance = OPERATOR_ALLOWANCE
