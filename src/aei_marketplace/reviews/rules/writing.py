"""Who may review what, how often, and whose word needs no look before it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aei_marketplace.catalog.rules.states import STOPPED, ReleaseState
from aei_marketplace.ground.pace import wait_until_free
from aei_marketplace.reviews.errors import (
    NeverInstalled,
    OwnPlugin,
    PluginStopped,
    TooManyReviews,
)
from aei_marketplace.reviews.rules.views import Review, ReviewState

#: What one person writes, edits and reports within `PERIOD`, at most, each counted for itself.
MOST_IN_PERIOD = 20
PERIOD = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class WriterRecord:
    """How a writer's reviews stand."""

    approved: int
    rejected: int
    hidden: int


def check_reviewer(tenant: UUID, owner_tenant: UUID, installed: Sequence[str], *, of_publisher: bool) -> None:
    """Whether somebody reviews a plugin for their tenant.

    Args:
        owner_tenant: the publisher's.
        of_publisher: whether they belong to the publisher besides.
        installed: the versions that the tenant has or had.

    Raises:
        OwnPlugin: it is theirs.
        NeverInstalled: they do not know it.
    """
    if tenant == owner_tenant:
        raise OwnPlugin("Your tenant publishes this plugin, and nobody reviews their own.")
    if of_publisher:
        raise OwnPlugin("You belong to the tenant that publishes this plugin, and nobody reviews their own.")
    if not installed:
        raise NeverInstalled("Your tenant has never installed this plugin.")


def choose_version(installed: Sequence[str], wanted: str | None) -> str:
    """Which version a review is about: the one named, or the one that the tenant had last.

    Args:
        installed: the present one first, then those that were uninstalled, the latest first.

    Raises:
        NeverInstalled: another one is named.
    """
    if wanted is None:
        return installed[0]
    if wanted not in installed:
        raise NeverInstalled(f"Your tenant has not installed version {wanted[:64]}.")
    return wanted


def check_release(state: ReleaseState) -> None:
    """Whether a release can be reviewed.

    Raises:
        PluginStopped: the registry has stopped it.
    """
    if state in STOPPED:
        raise PluginStopped(f"This release is {state}, and takes no reviews.")


def check_pace(recent: Sequence[datetime], now: datetime) -> None:
    """Whether a person may write once more.

    Args:
        recent: when they did within the last `PERIOD`, the newest first.

    Raises:
        TooManyReviews: not now; says when.
    """
    wait = wait_until_free(recent, MOST_IN_PERIOD, PERIOD, now)
    if wait is not None:
        detail = f"You wrote {len(recent)} times within a day, and that is the most."
        raise TooManyReviews(detail, retry_after=wait)


def is_trusted(trusted_after: int | None, record: WriterRecord) -> bool:
    """Whether a writer's words are shown before staff have read them.

    Args:
        trusted_after: how many approved reviews that takes; None has everything wait for staff.
    """
    known = trusted_after is not None and record.approved >= trusted_after
    return known and not record.rejected and not record.hidden


def stands_well(review: Review) -> bool:
    """Whether staff have found no fault with a review so far; where they have, they read its edits first."""
    praised = review.state is ReviewState.APPROVED and review.reason is None
    return review.decided_at is None or praised
