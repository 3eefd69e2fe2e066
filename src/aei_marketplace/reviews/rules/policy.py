"""How the operator moderates."""

from dataclasses import dataclass, replace

from aei_marketplace.ground.errors import Fault
from aei_marketplace.reviews.errors import ReviewUnfit
from aei_marketplace.reviews.rules import links

MOST_TRUSTED_AFTER = 1000


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator wants of reviews.

    Attributes:
        trusted_after: after how many approved reviews a writer's next one is shown at once; None: all wait.
        most_links: how many links to hosts that are not allowed do not have a review flagged.
        allowed_hosts: links to these, and to what is below them, are not counted.
    """

    trusted_after: int | None = None
    most_links: int = 0
    allowed_hosts: tuple[str, ...] = ()


def check_policy(wanted: Policy) -> Policy:
    """The operator's policy, its hosts in order.

    Raises:
        ReviewUnfit: it cannot be followed.
    """
    faults = []
    if wanted.trusted_after is not None and not 1 <= wanted.trusted_after <= MOST_TRUSTED_AFTER:
        faults.append(Fault("/trusted_after", f"from 1 to {MOST_TRUSTED_AFTER}, or null"))
    if not 0 <= wanted.most_links <= links.MOST_LINKS:
        faults.append(Fault("/most_links", f"from 0 to {links.MOST_LINKS}"))
    if faults:
        raise ReviewUnfit("That is no policy.", faults=faults)
    return replace(wanted, allowed_hosts=links.check_hosts(wanted.allowed_hosts))
