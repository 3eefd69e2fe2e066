"""Page: one statement, with what each release brought; made to be printed too."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from aei_marketplace.accounts.service import TenantName
from aei_marketplace.payouts import service
from aei_marketplace.payouts.pages.words import KINDS, PAYOUTS, REVENUE, STATEMENTS, WORDS, month
from aei_marketplace.payouts.service import Late, Part, Payout, Statement
from aei_marketplace.web.requests import TheActor, TheDeps, TheTrace
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPage(PageContext):
    """A statement.

    Attributes:
        creator: what the tenant is called.
        late: what belongs to an earlier month.
        payout: None where nothing is paid.
    """

    statement: Statement
    creator: TenantName
    parts: Sequence[Part]
    late: Late
    payout: Payout | None
    words: Any = field(default_factory=lambda: WORDS)
    kinds: Any = field(default_factory=lambda: KINDS)
    month: Any = month


@router.get(STATEMENTS + "/{statement_id}")
async def show_statement(
    request: Request, statement_id: UUID, deps: TheDeps, actor: TheActor, trace: TheTrace
) -> Response:
    """One statement: a creator's own, or for staff anybody's."""
    async with deps.works.begin(actor, trace) as work:
        found = await service.find_statement(work, statement_id)
        names = await service.names_of(work, {found.whose.creator})
        page = StatementPage(
            title=f"Statement of {month(found.period)} in {found.whose.currency}",
            crumbs=(
                (("Payouts", PAYOUTS),)
                if actor.staff
                else (("Publisher", "/publisher"), ("Revenue", REVENUE))
            ),
            statement=found,
            creator=names[found.whose.creator],
            parts=await service.parts_of(work, found),
            late=await service.late_of(work, found),
            payout=(await service.payouts_of(work, [found])).get(found.id),
        )
    return await render(request, "payouts/statement.html", page)
