"""What the job process does for notices, again and again."""

import asyncio

import pytest

from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices import jobs
from aei_marketplace.notices.rules.notices import to_holders
from aei_marketplace.notices.service import Dispatch
from tests.builders import Tenant
from tests.notices.acts import hook, read_by, tell, until, yanked
from tests.notices.conftest import Watch
from tests.notices.hooks import Hooks
from tests.plugins import work_off


async def test_from_the_cause_to_the_webhook_it_all_happens_by_itself(
    deps: Deps, acme: Tenant, hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAUSE_S", 0.01)
    await hook(deps, acme, hooks.url())
    failing = [ConnectionError("the database is away")]
    take_up = Dispatch.take_up

    async def shaky(dispatch: Dispatch) -> int:
        if failing:
            raise failing.pop()
        return await take_up(dispatch)

    monkeypatch.setattr(Dispatch, "take_up", shaky)
    task = asyncio.create_task(jobs.deliver_for_ever(deps))
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    await work_off(deps)
    await until(lambda: hooks.received)
    assert failing == [], "one failure does not end it"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_old_goes(deps: Deps, acme: Tenant, watch: Watch) -> None:
    await tell(deps, yanked(to_holders(acme.id, "plugin.install")))
    watch.pass_(days=91)
    await jobs.forget_old(deps)
    assert await read_by(deps, acme.admin) == []
