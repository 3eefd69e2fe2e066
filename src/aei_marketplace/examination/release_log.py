"""The public log of releases: whether it is what was signed."""

from sqlalchemy.exc import SQLAlchemyError

from aei_inspection.notes import NoteMalformed
from aei_marketplace.adapters.queue import PostgresQueue
from aei_marketplace.catalog.service.release_log_verifying import verify_release_log
from aei_marketplace.examination.books import UNREACHABLE
from aei_marketplace.examination.finding import Finding
from aei_marketplace.ground.db import open_database
from aei_marketplace.ground.work import Works
from aei_marketplace.settings import Settings
from aei_marketplace.wiring import database_urls, release_log_shelf, release_log_verifying_key


async def look_at_release_log(settings: Settings) -> Finding:
    """Whether the whole log recomputes to what was signed, here and outside the database."""
    try:
        key = release_log_verifying_key(settings)
        if key is None:
            return Finding("release log", True, "nothing was published and signed so far")
        urls = database_urls(settings)
        async with open_database(urls.app, urls.system, size=2) as database:
            works, shelf = Works(database, PostgresQueue()), release_log_shelf(settings)
            verdict = await verify_release_log(works, shelf.all(), key)
    except (*UNREACHABLE, SQLAlchemyError, NoteMalformed) as error:
        return Finding("release log", False, f"cannot be verified: {error}")
    if verdict.findings:
        detail = f"{verdict.findings[0].detail}: see `aei-marketplace audit verify-releases`"
        return Finding("release log", False, detail)
    told = f"{verdict.size} leaves, {verdict.proven} of them proven by a signature"
    return Finding("release log", True, told)
