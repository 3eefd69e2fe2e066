"""New releases whose scan came to no end are scanned again, until it is known whether they may be listed."""

from aei_marketplace.certification.service.requesting import queue_again
from aei_marketplace.certification.store import requests
from aei_marketplace.ground.work import Works


async def try_held_again(works: Works) -> int:
    """Have the scans of new releases done again that came to no end; how many there were."""
    async with works.system("certification.guard") as work:
        work.actor.require("certification.decide")
        unfinished = await requests.unfinished_guards(work)
        for request in unfinished:
            await queue_again(work, request)
    return len(unfinished)
