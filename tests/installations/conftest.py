"""A published plugin that asks for permissions, and a tenant that may install it."""

import pytest

from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant, make_tenant
from tests.plugins import ASKING, publish

CONFIG_SCHEMA = {
    "type": "object",
    "properties": {"tone": {"enum": ["plain", "formal"]}},
    "additionalProperties": False,
}
CONFIGURED = {**ASKING, "config_schema": CONFIG_SCHEMA}


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    """A tenant that publishes `acme.echo` 1.0.0."""
    tenant = await make_tenant(deps.works, "acme")
    await publish(deps, tenant.manager, CONFIGURED)
    return tenant


@pytest.fixture
async def globex(deps: Deps, acme: Tenant) -> Tenant:
    """Another tenant."""
    return await make_tenant(deps.works, "globex")
