"""The bench that counts losses can see them."""

import hashlib
import json

import asyncpg
import pytest
from wasmtime import wat2wasm

from aei_marketplace.adapters.postgres import DatabaseUrls
from aei_marketplace.bench.chaos import _sections
from aei_marketplace.bench.recorded import Balance, Books
from aei_marketplace.executions import service
from aei_marketplace.executions.rules.requests import read_request
from aei_marketplace.ground.deps import Deps
from tests.builders import make_tenant
from tests.packages import component_wat
from tests.plugins import install, publish


@pytest.fixture
async def ran(deps: Deps, urls: DatabaseUrls) -> list[str]:
    """The tasks of three executions that went well."""
    acme = await make_tenant(deps.works, "acme")
    await publish(deps, acme.manager)
    await install(deps, acme.admin)
    tasks = [json.dumps({"number": n}) for n in range(3)]
    async with service.serving(deps, urls.app) as runs:
        for task in tasks:
            wanted = read_request(f'{{"task": {task}}}'.encode())
            await service.execute(runs, acme.agent, "0" * 32, "acme.echo", wanted)
    return tasks


async def test_what_went_well_adds_up(ran: list[str], urls: DatabaseUrls) -> None:
    books = Books(urls.system)
    assert await books.compare(dict.fromkeys(ran, True)) == Balance(0, 0, 0)
    assert await books.open_executions() == 0


async def test_a_task_without_an_execution_is_lost(ran: list[str], urls: DatabaseUrls) -> None:
    assert await Books(urls.system).compare({**dict.fromkeys(ran, True), "{}": True}) == Balance(1, 0, 0)


async def test_an_execution_without_an_end_is_lost(ran: list[str], urls: DatabaseUrls) -> None:
    await change(urls, "update executions set ended_at = null, outcome = null where task_sha256 = $1", ran[0])
    books = Books(urls.system)
    assert (await books.compare(dict.fromkeys(ran, True))).lost == 1
    assert await books.open_executions() == 1


async def test_a_refused_task_that_ran_all_the_same_is_doubled(ran: list[str], urls: DatabaseUrls) -> None:
    taken = dict.fromkeys(ran, True) | {ran[0]: False}
    assert await Books(urls.system).compare(taken) == Balance(0, 1, 0)


async def test_a_task_that_ran_twice_is_doubled_and_its_copy_without_entries_unbalanced(
    ran: list[str], urls: DatabaseUrls
) -> None:
    await change(
        urls,
        "create temp table copy as select * from executions where task_sha256 = $1",
        ran[0],
        "update copy set id = gen_random_uuid()",
        "insert into executions select * from copy",
    )
    assert await Books(urls.system).compare(dict.fromkeys(ran, True)) == Balance(0, 1, 1)


async def change(urls: DatabaseUrls, statement: str, task: str, *more: str) -> None:
    connection = await asyncpg.connect(urls.owner)
    digest = hashlib.sha256(task.encode()).hexdigest()
    await connection.execute(statement.replace("$1", f"decode('{digest}', 'hex')"))
    for next_one in more:
        await connection.execute(next_one)
    await connection.close()


def test_the_sections_of_a_component_are_all_of_it() -> None:
    component = bytes(wat2wasm(component_wat()))
    sections = list(_sections(component))
    assert component[:8] + b"".join(raw for _, raw in sections) == component
    assert 1 in {kind for kind, _ in sections}
