"""Reasons to look closer at a review. They order the queue of the staff, and decide nothing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from aei_marketplace.reviews.rules import links
from aei_marketplace.reviews.rules.policy import Policy

#: What is called many at once: so many within `BURST_PERIOD`, and so many deviations above the usual.
BURST_PERIOD, USUAL_PERIOD = timedelta(hours=24), timedelta(days=28)
LEAST_BURST, DEVIATIONS = 10, 4
#: An account is new for a week; so many of them about one plugin within a week are a cluster.
NEW_FOR, CLUSTER_PERIOD = timedelta(days=7), timedelta(days=7)
LEAST_CLUSTER, CLUSTER_SHARE = 5, 0.5


class FlagKind(StrEnum):
    """What speaks against a review."""

    NEAR_DUPLICATE = "near_duplicate"
    BURST = "burst"
    NEW_ACCOUNTS = "new_accounts"
    LINKS = "links"


#: What speaks against all reviews of a time together, not against the words of one.
OF_MANY = frozenset({FlagKind.BURST, FlagKind.NEW_ACCOUNTS})


@dataclass(frozen=True, slots=True)
class Flag:
    """One reason to look closer, in words that staff read."""

    kind: FlagKind
    reason: str


@dataclass(frozen=True, slots=True)
class Similar:
    """Another review with nearly the same words.

    Attributes:
        score: what both say, in per cent of what either says.
    """

    review_id: UUID
    plugin_id: str
    score: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How many reviews a plugin gets.

    Attributes:
        recent: within the last `BURST_PERIOD`.
        before: within the `USUAL_PERIOD` before that.
    """

    recent: int
    before: int


def near_duplicate(similar: Sequence[Similar]) -> Flag | None:
    """A flag for a text that others wrote before, almost word by word; the most alike is named."""
    if not similar:
        return None
    best = max(similar, key=lambda one: one.score)
    more = f", and {len(similar) - 1} more" if len(similar) > 1 else ""
    return Flag(FlagKind.NEAR_DUPLICATE, f"{best.score} % the same as a review of {best.plugin_id}{more}.")


def burst(pace: Pace) -> Flag | None:
    """A flag for one of many reviews that come at once.

    The control chart for counts (NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.3.1): what is
    counted in a period is usual up to some deviations above its mean, and a count deviates by the root of its
    mean.
    """
    usual = pace.before * (BURST_PERIOD / USUAL_PERIOD)
    limit = usual + DEVIATIONS * math.sqrt(max(usual, 1))
    if pace.recent < LEAST_BURST or pace.recent <= limit:
        return None
    return Flag(
        FlagKind.BURST, f"{pace.recent} reviews of the plugin within 24 hours; {usual:.1f} are usual."
    )


def new_accounts(ages: Sequence[timedelta]) -> Flag | None:
    """A flag for the reviews of new accounts, when many of them come together about one plugin.

    Args:
        ages: how old the account of each writer was who reviewed the plugin within `CLUSTER_PERIOD`.
    """
    fresh = sum(is_new(age) for age in ages)
    if fresh < LEAST_CLUSTER or fresh < CLUSTER_SHARE * len(ages):
        return None
    return Flag(
        FlagKind.NEW_ACCOUNTS,
        f"{fresh} of {len(ages)} who reviewed the plugin within 7 days have accounts younger than a week.",
    )


def is_new(age: timedelta) -> bool:
    """Whether an account was new when it wrote."""
    return age < NEW_FOR


def linked(text: str, policy: Policy) -> Flag | None:
    """A flag for a text with more links than the operator likes."""
    strange = links.strange(links.hosts_of(text), policy.allowed_hosts)
    if len(strange) <= policy.most_links:
        return None
    named = ", ".join(dict.fromkeys(strange[:5]))
    return Flag(FlagKind.LINKS, f"{len(strange)} links to hosts that are not on your list: {named}.")


def age_of(account: datetime, review: datetime) -> timedelta:
    """How old an account was when it wrote."""
    return max(timedelta(0), review - account)
