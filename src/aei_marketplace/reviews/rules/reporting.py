"""Complaints about reviews: what is wrong, and when they take a review out of sight."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from aei_marketplace.ground.typed import read_choice
from aei_marketplace.reports.rules.weight import Record
from aei_marketplace.reviews.errors import ReviewUnfit

#: The weights, in per cent, that hide a review until staff decide: three tenants whose word counts.
HIDES_AT = 300


class ReportKind(StrEnum):
    """What is wrong with a review."""

    SPAM = "spam"
    ABUSIVE = "abusive"
    OFF_TOPIC = "off_topic"
    PERSONAL_DATA = "personal_data"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Report:
    """Somebody's complaint about a review.

    Attributes:
        note: in their words; empty when they said nothing more.
        outcome: `upheld` or `dismissed`; None while staff have not decided.
    """

    id: UUID
    review_id: UUID
    reporter_id: UUID
    reporter_tenant: UUID
    kind: ReportKind
    note: str
    outcome: str | None
    created_at: datetime


def check_kind(kind: str) -> ReportKind:
    """A kind of report by its name.

    Raises:
        ReviewUnfit: there is no such kind.
    """
    return read_choice(ReportKind, kind, "/kind", ReviewUnfit)


def hides(reports: Iterable[tuple[UUID, Record]]) -> bool:
    """Whether open reports hide a review until staff decide.

    Args:
        reports: of each, the reporter's tenant and how the reporter's earlier reports came out. However
            many of one tenant report, the one that weighs most speaks for it.
    """
    heaviest: dict[UUID, int] = {}
    for tenant, record in reports:
        heaviest[tenant] = max(record.weight, heaviest.get(tenant, 0))
    return sum(heaviest.values()) >= HIDES_AT
