"""Pages: the executions that somebody may see, with filters and how they went lately."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request, Response

from aei_marketplace.accounts import service as accounts
from aei_marketplace.executions import service
from aei_marketplace.executions.pages.paths import EXECUTIONS
from aei_marketplace.executions.rules.trends import DAYS, MOST_COUNTED, Trend
from aei_marketplace.executions.rules.views import Brief, Filter
from aei_marketplace.executions.rules.words import End, duration, end_of
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.web.requests import TheActor, TheDeps, ThePage, TheTrace
from aei_marketplace.web.shell.addresses import Address, address_of
from aei_marketplace.web.shell.forms import FormRoute
from aei_marketplace.web.shell.rendering import PageContext, render

router = APIRouter(route_class=FormRoute)

#: Periods to choose from: name in the address, label, how long.
_PERIODS = (("day", "Last day", timedelta(days=1)), ("week", "Last 7 days", timedelta(days=7)))
_OUTCOMES = (("running", "Running"), ("ok", "Finished"), ("failed", "Failed"), ("denied", "Denied"))


@dataclass(frozen=True, slots=True)
class ShownBrief:
    """One line of the list."""

    execution: Brief
    end: End
    who: str
    took: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionsPage(PageContext):
    """Executions, the newest first.

    Attributes:
        who: the name of the person that the list is narrowed to.
        everybody: whether the reader sees more than their own.
        means: for each day of the trend, how long an execution took in the mean, in words.
    """

    executions: tuple[ShownBrief, ...]
    total: int
    next_cursor: str | None
    later: bool
    address: Address
    filtered: Filter
    who: str | None
    everybody: bool
    may_run: bool
    me: UUID | None
    periods: tuple[tuple[str, str, bool], ...]
    outcomes: tuple[tuple[str, str], ...]
    trend: Trend
    means: tuple[str, ...]
    days: int = DAYS
    most: int = MOST_COUNTED


@router.get(EXECUTIONS)
async def list_executions(
    request: Request,
    deps: TheDeps,
    actor: TheActor,
    trace: TheTrace,
    wanted: ThePage,
    plugin: str = "",
    outcome: str = "",
    who: str = "",
    since: str = "",
) -> Response:
    """The list: one's own, or the tenant's with `execution.read_all`."""
    async with deps.works.begin(actor, trace) as work:
        filtered = _filter(actor, work.now, plugin, outcome, who, since)
        found = await service.list_briefs(work, wanted, filtered)
        trend = await service.find_trend(work, filtered)
        people = {e.actor_id for e in found.items} | ({filtered.actor_id} if filtered.actor_id else set())
        names = await accounts.names_of(work, people)
    page = ExecutionsPage(
        title="Executions",
        executions=tuple(_shown(each, names) for each in found.items),
        total=found.total,
        next_cursor=found.next_cursor,
        later=wanted.after is not None,
        address=address_of(request, "plugin", "outcome", "who", "since"),
        filtered=filtered,
        who=names.get(filtered.actor_id, "Somebody") if filtered.actor_id else None,
        everybody=actor.may("execution.read_all"),
        may_run=actor.may("plugin.execute"),
        me=actor.id,
        periods=tuple((name, label, since == name) for name, label, _ in _PERIODS),
        outcomes=_OUTCOMES,
        trend=trend,
        means=tuple("" if d.mean_ms is None else duration(d.mean_ms) for d in trend.days),
    )
    return await render(request, "executions/executions.html", page)


def _filter(actor: Actor, now: datetime, plugin: str, outcome: str, who: str, since: str) -> Filter:
    lengths = {name: length for name, _, length in _PERIODS}
    if since and since not in lengths:
        raise Invalid("There is no such period.", faults=[Fault("since", f"one of {', '.join(lengths)}")])
    return Filter(
        plugin_id=plugin or None,
        outcome=outcome or None,
        actor_id=_person(actor, who),
        since=now - lengths[since] if since else None,
    )


def _person(actor: Actor, who: str) -> UUID | None:
    if not who:
        return None
    try:
        return actor.id if who == "me" else UUID(who)
    except ValueError as error:
        raise Invalid("There is no such person.", faults=[Fault("who", "`me` or an id")]) from error


def _shown(brief: Brief, names: dict[UUID, str]) -> ShownBrief:
    took = "" if brief.wall_ms is None else duration(brief.wall_ms)
    return ShownBrief(brief, end_of(brief.outcome), names.get(brief.actor_id, "Somebody"), took)
