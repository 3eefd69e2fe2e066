"""Pages of installations and of the policies that they obey."""

from fastapi import APIRouter

from aei_marketplace.ground.actor import Actor
from aei_marketplace.installations.pages import acting, installed, operations, policies, settings

router = APIRouter()
#: Fixed words come before `/marketplace/{plugin_id}/…`.
for _part in (policies, installed, operations, settings, acting):
    router.include_router(_part.router)


def seen_by(actor: Actor) -> bool:
    """Whether anything can be installed where the actor acts: for the navigation."""
    return actor.tenant is not None and actor.may("plugin.browse")
