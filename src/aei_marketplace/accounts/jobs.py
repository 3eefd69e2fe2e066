"""What the job process does for the accounts."""

from aei_marketplace.accounts import service
from aei_marketplace.accounts.events import RecoveryAsked
from aei_marketplace.ground.deps import Deps


async def mail_recovery(deps: Deps, event: RecoveryAsked, trace_id: str) -> None:
    """Somebody asked for a link: make and mail it."""
    await service.mail_recovery(deps, event, trace_id)


async def forget_what_is_over(deps: Deps) -> None:
    """Drop sign-ins, links and sessions whose time has passed."""
    await service.forget_what_is_over(deps)
