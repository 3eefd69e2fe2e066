"""Tenants, a receiver of webhooks, and the job process's part of notices by hand."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aei_marketplace.adapters.mail import MailFolder
from aei_marketplace.adapters.webhooks import WebhookClient
from aei_marketplace.ground.deps import Deps
from aei_marketplace.notices.rules.retries import JITTER, LONGEST_PAUSE
from tests.builders import Tenant, make_tenant
from tests.notices.hooks import Hooks, hooks_server


class Watch:
    """A clock that stands until it is moved on."""

    def __init__(self) -> None:
        self.now = datetime(2030, 5, 17, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
async def hooks() -> AsyncIterator[Hooks]:
    async with hooks_server() as hooks:
        yield hooks


@pytest.fixture
def mailbox(tmp_path: Path) -> Path:
    """The folder that mail goes to."""
    return tmp_path / "mail"


@pytest.fixture
async def deps(deps: Deps, hooks: Hooks, watch: Watch, mailbox: Path) -> AsyncIterator[Deps]:
    """Everything real: mail goes to a folder, webhooks to loopback; the time is the test's."""
    webhooks = WebhookClient(hooks.internal, patience=30)
    yield replace(
        deps,
        works=replace(deps.works, clock=watch),
        mail=MailFolder(mailbox, "marketplace@aei.example", watch),
        webhooks=webhooks,
    )
    await webhooks.close()


@pytest.fixture
async def acme(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "acme")


@pytest.fixture
async def globex(deps: Deps) -> Tenant:
    return await make_tenant(deps.works, "globex")


#: After the longest pause, whatever its jitter.
LATER = LONGEST_PAUSE * (1 + 2 * JITTER)
