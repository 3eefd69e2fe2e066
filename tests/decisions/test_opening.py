"""Matters become cases, are joined, and are over."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.decisions import service as decisions
from aei_marketplace.decisions.errors import (
    CaseNotFound,
    CaseSettled,
)
from aei_marketplace.decisions.service import CaseState
from aei_marketplace.ground.deps import Deps
from tests.builders import Tenant
from tests.databases import rows
from tests.decisions.conftest import KIND, appeal, bring, decide, find, make_initech


async def test_a_matter_that_waits_is_joined_and_another_tenants_joiner_then_sees_it(
    deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID, works: Any
) -> None:
    initech = await make_initech(deps)
    with pytest.raises(CaseNotFound):
        await find(deps, initech.viewer, case_id)
    brought = await bring(deps, initech.viewer, acme)
    assert (brought.case_id, brought.joined) == (case_id, True)
    assert (await find(deps, initech.viewer, case_id)).id == case_id


async def test_many_who_bring_one_matter_at_once_open_one_case(
    deps: Deps, urls: DatabaseUrls, acme: Tenant, globex: Tenant
) -> None:
    brought = await asyncio.gather(
        *(bring(deps, actor, acme) for actor in [*globex.actors.values(), *acme.actors.values()])
    )
    assert len({b.case_id for b in brought}) == 1
    assert sum(not b.joined for b in brought) == 1


async def test_after_the_decision_the_same_matter_is_a_new_case_even_while_the_appeal_waits(
    deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    await decide(deps, operator[0], case_id)
    second = await bring(deps, globex.viewer, acme)
    assert second.case_id != case_id
    assert not second.joined
    assert (await appeal(deps, acme.manager, case_id)).round == 2


async def test_joining_makes_a_case_due_earlier_and_never_later(
    deps: Deps, acme: Tenant, globex: Tenant, case_id: UUID
) -> None:
    before = (await find(deps, acme.viewer, case_id)).due_at
    for hours, earlier in ((1, True), (90, True)):
        async with deps.works.begin(globex.admin) as work:
            subject = decisions.Subject("plugin", "acme.echo", "x", acme.id)
            await decisions.open_case(work, KIND, subject, timedelta(hours=hours))
        assert ((await find(deps, acme.viewer, case_id)).due_at < before) is earlier


async def test_a_withdrawn_case_is_over(
    deps: Deps, urls: DatabaseUrls, globex: Tenant, case_id: UUID, operator: Any
) -> None:
    async with deps.works.begin(globex.viewer) as work:
        assert (await decisions.withdraw(work, KIND, case_id)).state is CaseState.WITHDRAWN
    with pytest.raises(CaseSettled):
        await decide(deps, operator[0], case_id)
    assert await rows(urls, "select from audit_entries where action = 'case.withdraw'")
