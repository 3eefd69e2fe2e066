"""A kind of case for tests, with people on both sides of it."""

from datetime import timedelta
from uuid import UUID

import pytest

from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.service import Brought, Case, CaseKind, Desk, Ruling, Subject
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.work import Work, Works
from tests.builders import Tenant, make_staff, make_tenant

KIND = CaseKind(
    name="test_matter",
    action="plugin.moderate",
    verdicts=frozenset({"yes", "no"}),
    favourable=frozenset({"yes"}),
    due_in=timedelta(hours=24),
    appeal_action="plugin.publish",
    appeal_within=timedelta(days=14),
    four_eyes=True,
)
PAYOUTS = CaseKind(
    name="test_payout",
    action="revenue.administer",
    verdicts=frozenset({"pay", "refuse"}),
    favourable=frozenset({"pay"}),
    due_in=timedelta(days=3),
    appeal_action="plugin.publish",
    appeal_within=None,
)


async def judge(work: Work, case_id: UUID, ruling: Ruling) -> Case:
    return await decisions.record_decision(work, KIND, case_id, ruling)


async def pay(work: Work, case_id: UUID, ruling: Ruling) -> Case:
    return await decisions.record_decision(work, PAYOUTS, case_id, ruling)


DESKS = decisions.by_kind([Desk(KIND, judge), Desk(PAYOUTS, pay)])


@pytest.fixture
async def acme(works: Works) -> Tenant:
    """The party of the cases."""
    return await make_tenant(works, "acme")


@pytest.fixture
async def globex(works: Works) -> Tenant:
    """Whoever brings them."""
    return await make_tenant(works, "globex")


@pytest.fixture
async def operator(works: Works) -> tuple[Actor, str]:
    return await make_staff(works, "Operator")


@pytest.fixture
async def moderator(works: Works) -> tuple[Actor, str]:
    return await make_staff(works, "Moderator")


@pytest.fixture
async def finance(works: Works) -> tuple[Actor, str]:
    return await make_staff(works, "Finance")


async def bring(
    deps: Deps, actor: Actor, party: Tenant, subject: str = "acme.echo", kind: CaseKind = KIND
) -> Brought:
    """Bring a matter as `actor`."""
    async with deps.works.begin(actor) as work:
        return await decisions.open_case(
            work, kind, Subject("plugin", subject, f"Is {subject} broken?", party.id)
        )


async def decide(
    deps: Deps,
    actor: Actor,
    case_id: UUID,
    verdict: str = "no",
    reason: str = "because",
    seen: int | None = None,
) -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.record_decision(work, KIND, case_id, Ruling(verdict, reason, seen))


async def claim(deps: Deps, actor: Actor, case_id: UUID) -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.claim(work, KIND, case_id)


async def appeal(deps: Deps, actor: Actor, case_id: UUID, reason: str = "you are wrong") -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.record_appeal(work, KIND, case_id, reason)


async def find(deps: Deps, actor: Actor, case_id: UUID) -> Case:
    async with deps.works.begin(actor) as work:
        return await decisions.find_case(work, case_id)


@pytest.fixture
async def case_id(deps: Deps, globex: Tenant, acme: Tenant) -> UUID:
    return (await bring(deps, globex.viewer, acme)).case_id


async def make_initech(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "initech")
