"""The adapter of the sandbox host: questions for secrets."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from aei_marketplace.ground.ports import SandboxGone
from aei_protocol.messages import (
    SecretWanted,
)
from aei_protocol.permissions import Capabilities
from tests.adapters.sandbox_hosts import Heard, ScriptedHost, Secrets, facing, ok, task


async def ask_secret(folder: Path, wanted: SecretWanted) -> tuple[ScriptedHost, Secrets]:
    """Have a host ask for a secret while execution e1 of t1 runs, which may read ACME_KEY and NO_SUCH."""
    secrets = Secrets()
    host = ScriptedHost(lambda h: h.say(wanted) if h.heard[-1][0] == "Execute" else h.say(ok()))
    async with facing(host, folder, secrets) as client:
        held = Capabilities(secrets=("ACME_KEY", "NO_SUCH"))
        with contextlib.suppress(SandboxGone):
            await asyncio.wait_for(client.execute(task(capabilities=held), Heard()), 20)
    return host, secrets


async def test_a_guest_with_the_grant_gets_the_secret(tmp_path: Path) -> None:
    host, secrets = await ask_secret(tmp_path, SecretWanted(5, "e1", "t1", "ACME_KEY"))
    assert host.heard[1] == ("SecretAnswer", {"call": 5, "value": "value of ACME_KEY"})
    assert secrets.asked == [("t1", "ACME_KEY")]


async def test_a_secret_that_does_not_exist_has_no_value(tmp_path: Path) -> None:
    host, _ = await ask_secret(tmp_path, SecretWanted(5, "e1", "t1", "NO_SUCH"))
    assert host.heard[1] == ("SecretAnswer", {"call": 5, "value": None})


async def test_an_execution_that_does_not_run_gets_no_secret(tmp_path: Path) -> None:
    host, secrets = await ask_secret(tmp_path, SecretWanted(5, "e9", "t1", "ACME_KEY"))
    assert host.heard[1] == ("SecretAnswer", {"call": 5, "value": None})
    assert secrets.asked == []


@pytest.mark.parametrize(("tenant", "name"), [("t2", "ACME_KEY"), ("t1", "OTHER_KEY")])
async def test_asking_for_a_foreign_or_ungranted_secret_costs_the_line(
    tmp_path: Path, tenant: str, name: str
) -> None:
    host, secrets = await ask_secret(tmp_path, SecretWanted(5, "e1", tenant, name))
    assert [kind for kind, _ in host.heard] == ["Execute"]
    assert secrets.asked == []
