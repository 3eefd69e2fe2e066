"""Pages: run an installed plugin, try one out, watch an execution, look through all."""

from fastapi import APIRouter

from aei_marketplace.executions.pages import execution, executions, failures, running, trying
from aei_marketplace.executions.pages.paths import EXECUTIONS
from aei_marketplace.ground.actor import Actor

router = APIRouter(include_in_schema=False)
# `/executions/new` comes before `/executions/{id}`.
for _part in (running, trying, failures, executions, execution):
    router.include_router(_part.router)


def seen_by(actor: Actor) -> bool:
    """Whether the actor is of a tenant, and so may see executions: for the navigation."""
    return actor.tenant is not None and not actor.staff


__all__ = ["EXECUTIONS", "router", "seen_by"]
