"""What waits for staff, with all that they should know about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aei_marketplace.accounts import service as accounts
from aei_marketplace.ground.errors import NotAllowed
from aei_marketplace.ground.paging import Page, PageWanted, as_moment_and_id
from aei_marketplace.ground.work import Work
from aei_marketplace.reviews.errors import ReviewNotFound
from aei_marketplace.reviews.rules import links, states
from aei_marketplace.reviews.rules.flags import Flag, FlagKind
from aei_marketplace.reviews.rules.languages import guess_language
from aei_marketplace.reviews.rules.policy import Policy
from aei_marketplace.reviews.rules.reporting import Report
from aei_marketplace.reviews.rules.views import (
    Published,
    QueueOrder,
    QueueSelection,
    Review,
    ReviewState,
)
from aei_marketplace.reviews.rules.writing import WriterRecord
from aei_marketplace.reviews.service.deciders import decider_of
from aei_marketplace.reviews.store import evidence, policy, published, reports, reviews
from aei_marketplace.reviews.store.evidence import Alike

EVERYTHING = QueueSelection()


@dataclass(frozen=True, slots=True)
class Link:
    """A link in a text.

    Attributes:
        allowed: whether the operator's policy lets it pass.
    """

    host: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """A review that waits for staff.

    Attributes:
        published: what of it everybody reads; None while nothing was approved.
        record: how the writer's reviews stand; None when their account was erased.
        account_since: since when the writer has an account; None likewise.
        flags: reasons to look closer.
        similar: reviews with nearly the same words, the most alike first.
        links: in the order of the text.
        language: a guess (ISO 639-1); None when there is none.
        reports: those that wait for a decision.
        possible: what can be decided now.
        obstacle: why the actor does not decide about it; None when they may.
    """

    review: Review
    published: Published | None
    record: WriterRecord | None
    account_since: datetime | None
    flags: Sequence[Flag]
    similar: Sequence[Alike]
    links: Sequence[Link]
    language: str | None
    reports: Sequence[Report]
    possible: frozenset[ReviewState]
    obstacle: NotAllowed | None


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How much waits, all in all.

    Attributes:
        overdue: what should have been decided by now.
        flagged: by flag.
    """

    waiting: int
    overdue: int
    reported: int
    flagged: Mapping[FlagKind, int]

    def of(self, wanted: QueueSelection) -> int | None:
        """How many of what is wanted wait; None for what is not counted."""
        match wanted:
            case QueueSelection(plugin_id=None, flag=None, reported=None):
                return self.waiting
            case QueueSelection(plugin_id=None, flag=None, reported=reported):
                return self.reported if reported else self.waiting - self.reported
            case QueueSelection(plugin_id=None, flag=FlagKind() as flag, reported=None):
                return self.flagged[flag]
        return None


async def list_waiting(work: Work, page: PageWanted, wanted: QueueSelection = EVERYTHING) -> Page:
    """The reviews that wait for staff as `Waiting`, what is due first or what waits longest first.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: the cursor is of another list.
    """
    return (await look_at_queue(work, page, wanted))[0]


async def look_at_queue(
    work: Work, page: PageWanted, wanted: QueueSelection = EVERYTHING
) -> tuple[Page, QueueCount]:
    """The same, and how much waits all in all.

    Raises:
        NotAllowed: the actor does not moderate.
        Invalid: the cursor is of another list.
    """
    work.actor.require("review.moderate")
    rows = await reviews.find_waiting(work, wanted, page.position(as_moment_and_id), page.limit)
    counts = await count_queue(work)
    known = counts.of(wanted)
    total = await reviews.count_waiting(work, wanted) if known is None else known
    described = await _describe(work, rows)
    return page.page(described, total, lambda item: _place(item.review, wanted.order)), counts


async def find_waiting(work: Work, review_id: UUID) -> Waiting:
    """One review with all that staff should know about it, whether it waits or not.

    Raises:
        NotAllowed: the actor does not moderate.
        ReviewNotFound: there is none.
    """
    work.actor.require("review.moderate")
    review = await reviews.find(work, review_id)
    if review is None:
        raise ReviewNotFound(f"There is no review {review_id}.")
    return (await _describe(work, [review]))[0]


async def count_queue(work: Work) -> QueueCount:
    """How much waits.

    Raises:
        NotAllowed: the actor does not moderate.
    """
    work.actor.require("review.moderate")
    return QueueCount(*await reviews.count_all_waiting(work), flagged=await evidence.count_flags(work))


async def _describe(work: Work, rows: Sequence[Review]) -> list[Waiting]:
    ids = [row.id for row in rows]
    writers = {row.writer_id for row in rows if row.writer_id}
    shown, filed = await published.find_several(work, ids), await reports.open_of(work, ids)
    records, accounts_since = await reviews.record_of(work, writers), await accounts.opened_at(work, writers)
    flags, similar = await evidence.flags_of(work, ids), await evidence.alike(work, ids)
    operators, decider = await policy.find(work), await decider_of(work, {row.plugin_id for row in rows})
    return [
        Waiting(
            review=row,
            published=shown.get(row.id),
            record=records.get(row.writer_id) if row.writer_id else None,
            account_since=accounts_since.get(row.writer_id) if row.writer_id else None,
            flags=flags.get(row.id, []),
            similar=similar.get(row.id, []),
            links=_links(row.text, operators),
            language=guess_language(row.text),
            reports=[report for report in filed if report.review_id == row.id],
            possible=states.possible(row, shown.get(row.id)),
            obstacle=decider.obstacle(row.plugin_id, writer=row.writer_id),
        )
        for row in rows
    ]


def _links(text: str, operators: Policy) -> list[Link]:
    hosts = links.hosts_of(text)
    strange = set(links.strange(hosts, operators.allowed_hosts))
    return [Link(host, host not in strange) for host in hosts]


def _place(review: Review, order: QueueOrder) -> list[str]:
    moment = review.due_at if order is QueueOrder.DUE else review.waiting_since
    assert moment is not None, "what waits has both"
    return [moment.isoformat(), str(review.id)]
