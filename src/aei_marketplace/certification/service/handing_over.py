"""A namespace has another owner: requests go along with its plugins, and what waits is withdrawn."""

from dataclasses import replace
from uuid import UUID

from aei_marketplace.catalog import service as catalog
from aei_marketplace.certification.service.requesting import take_back
from aei_marketplace.certification.store import requests
from aei_marketplace.decisions import service as decisions
from aei_marketplace.ground.actor import system_actor
from aei_marketplace.ground.work import Work, Works

_JOB = "certification.handing_over"


async def leave_to_successor(works: Works, namespace: str, giver: UUID, trace_id: str) -> None:
    """Let requests follow their plugins to their present owner; running it again does nothing more.

    What the giver asked for and nobody has decided is withdrawn: the taker asks anew, or does not. Scans that
    hold back a listing go on, and so does an appeal, because a decision stands until it is answered.

    Args:
        giver: the tenant that gave the namespace away, in whose audit log the end of its requests stands.
    """
    async with works.begin(replace(system_actor(_JOB), tenant=giver), trace_id) as work:
        work.actor.require("certification.decide")
        plugins = await catalog.namespace_plugins(work, namespace)
        for plugin in (await catalog.find_plugins(work, plugins)).values():
            for request in await requests.open_of_others(work, plugin.id, plugin.owner_tenant):
                if not await _is_appeal(work, request.case_id):
                    await take_back(work, request)
            await requests.hand_over(work, plugin.id, plugin.owner_tenant)


async def _is_appeal(work: Work, case_id: UUID | None) -> bool:
    return case_id is not None and (await decisions.find_case(work, case_id)).round > 1
