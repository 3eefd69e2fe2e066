"""The web process: all routes of all domains over one set of dependencies."""

import asyncio
import gc
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.metadata import version

import uvicorn
import uvloop
from fastapi import FastAPI

from aei_marketplace.accounts import api as accounts_api
from aei_marketplace.accounts import pages as accounts_pages
from aei_marketplace.accounts import service as accounts
from aei_marketplace.audit import api as audit_api
from aei_marketplace.audit import pages as audit_pages
from aei_marketplace.billing import api as billing_api
from aei_marketplace.billing import pages as billing_pages
from aei_marketplace.catalog import api as catalog_api
from aei_marketplace.catalog import jobs as catalog_jobs
from aei_marketplace.catalog import pages as catalog_pages
from aei_marketplace.catalog import service as catalog
from aei_marketplace.catalog.pages import name_claims
from aei_marketplace.certification import api as certification_api
from aei_marketplace.certification import pages as certification_pages
from aei_marketplace.collections import api as collections_api
from aei_marketplace.collections import jobs as collections_jobs
from aei_marketplace.collections import pages as collections_pages
from aei_marketplace.collections import service as collections
from aei_marketplace.decisions import api as decisions_api
from aei_marketplace.decisions import pages as decisions_pages
from aei_marketplace.desks import DESKS
from aei_marketplace.disputes import api as disputes_api
from aei_marketplace.disputes import pages as disputes_pages
from aei_marketplace.executions import api as executions_api
from aei_marketplace.executions import pages as executions_pages
from aei_marketplace.executions import service as executions
from aei_marketplace.ground.actor import Actor
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.relay import relay
from aei_marketplace.installations import api as installations_api
from aei_marketplace.installations import pages as installations_pages
from aei_marketplace.installations import service as installations
from aei_marketplace.notices import api as notices_api
from aei_marketplace.notices import jobs as notices_jobs
from aei_marketplace.notices import pages as notices_pages
from aei_marketplace.operations import api as operations_api
from aei_marketplace.operations import jobs as operations_jobs
from aei_marketplace.operations import pages as operations_pages
from aei_marketplace.payouts import api as payouts_api
from aei_marketplace.payouts import pages as payouts_pages
from aei_marketplace.reports import api as reports_api
from aei_marketplace.reports import pages as reports_pages
from aei_marketplace.reviews import api as reviews_api
from aei_marketplace.reviews import pages as reviews_pages
from aei_marketplace.sales import api as sales_api
from aei_marketplace.sales import pages as sales_pages
from aei_marketplace.settings import Settings, load_settings
from aei_marketplace.storefront import pages as storefront_pages
from aei_marketplace.tax_profiles import api as tax_profiles_api
from aei_marketplace.tax_profiles import pages as tax_profiles_pages
from aei_marketplace.vault import api as vault_api
from aei_marketplace.vault import pages as vault_pages
from aei_marketplace.web import health, problem_types, schemas
from aei_marketplace.web.body_limit import BodyLimit
from aei_marketplace.web.express import Express
from aei_marketplace.web.problems import install_problems
from aei_marketplace.web.section import Section
from aei_marketplace.web.shell import routes as shell_routes
from aei_marketplace.web.shell.frame import Frame, Place, places_below
from aei_marketplace.web.shell.sections import ADMINISTRATION
from aei_marketplace.web.tracing import Tracing
from aei_marketplace.web.visitors import Visitors
from aei_marketplace.wiring import configure_log, database_urls, open_deps

LISTEN_FD = "AEI_LISTEN_FD"


def _reads_log(actor: Actor) -> bool:
    return actor.may("audit.read_all" if actor.staff else "audit.read")


#: What every page shows around itself.
FRAME: Frame = Frame(
    places=(
        Place("Marketplace", storefront_pages.MARKETPLACE),
        Place("Installed", "/marketplace/installed", installations_pages.seen_by),
        Place("Executions", executions_pages.EXECUTIONS, executions_pages.seen_by),
        Place("Publisher", catalog_pages.PUBLISHER, catalog_pages.seen_by),
        Place("Moderation", reviews_pages.MODERATION, reviews_pages.seen_by),
        Place("Certification", certification_pages.CERTIFICATION, certification_pages.seen_by),
        Place("Decisions", "/decisions", decisions_pages.seen_by),
        Place("Admin", ADMINISTRATION, lambda actor: bool(places_below(FRAME, ADMINISTRATION, actor))),
    ),
    sections=(
        (
            ADMINISTRATION,
            (
                Place("Members", "/admin/members", lambda actor: actor.may("member.administer")),
                Place("Roles", "/admin/roles", lambda actor: actor.may("role.administer")),
                Place("Collections", collections_pages.COLLECTIONS, collections_pages.seen_by),
                Place("Policies", "/admin/policies", lambda actor: actor.may("policy.administer")),
                Place("Spend", billing_pages.SPEND, billing_pages.seen_by),
                Place("Tokens", "/admin/tokens", lambda actor: actor.may("token.administer")),
                Place("Secrets", "/admin/secrets", lambda actor: actor.may("secret.administer")),
                Place("Models", "/admin/models", lambda actor: actor.may("secret.administer")),
                Place("Disputes", disputes_pages.DISPUTES, disputes_pages.seen_by),
                Place("Invoices", billing_pages.INVOICES, billing_pages.administered_by),
                Place("Shares", sales_pages.SHARES, sales_pages.administered_by),
                Place("Unbooked", sales_pages.UNBOOKED, sales_pages.administered_by),
                Place("Payouts", payouts_pages.PAYOUTS, payouts_pages.administered_by),
                Place("Tax", tax_profiles_pages.TAX, lambda actor: actor.may("revenue.administer")),
                Place("Tenants", "/admin/tenants", lambda actor: actor.may("tenant.administer")),
                Place("Staff", "/admin/staff", lambda actor: actor.may("staff.administer")),
                Place("Kill list", "/admin/kill-list", lambda actor: actor.may("killlist.administer")),
                Place("Operations", "/admin/operations", lambda actor: actor.may("policy.operate")),
                Place("Audit log", "/admin/audit", _reads_log),
            ),
        ),
    ),
    search=storefront_pages.MARKETPLACE,
    notices="/notices",
    unread=notices_pages.count_unread,
    log=catalog_pages.find_log_state,
)
#: What the database tells every process, and under which topic its listeners hear it.
NEWS = operations_jobs.NEWS | notices_jobs.NEWS | catalog_jobs.NEWS | collections_jobs.NEWS
#: What each kind of case shows on its page.
EXHIBITS = {
    "plugin_report": reports_pages.show_reports,
    "namespace_claim": name_claims.show_name_claim,
    "certification": certification_pages.show_case,
    "review_appeal": reviews_pages.show_appeal,
}
#: What is asked for most of all, past the routes.
EXPRESS = (
    ("POST", executions_api.EXECUTE_PATH, executions_api.execute),
    ("GET", catalog_api.SEARCH_PATH, catalog_api.search_at_once),
)
#: Matched in this order: what is asked for most comes first, and the catalogue's `/api/plugins/{pluginId}`
#: and the storefront's `/marketplace/{pluginId}` come last, so that they do not swallow the others.
ROUTERS = (
    catalog_api.finding,
    *shell_routes.ROUTERS,
    accounts_pages.router,
    decisions_pages.router,
    notices_pages.router,
    collections_pages.router,
    reviews_pages.router,
    installations_pages.router,
    vault_pages.router,
    audit_pages.router,
    executions_pages.router,  # before the catalogue's `/publisher/{plugin_id}`
    certification_pages.router,
    sales_pages.router,
    billing_pages.router,
    disputes_pages.router,
    payouts_pages.router,  # before the catalogue's `/publisher/{plugin_id}`
    tax_profiles_pages.router,  # before the catalogue's `/publisher/{plugin_id}`
    catalog_pages.router,
    operations_pages.router,
    executions_api.router,
    health.router,
    problem_types.router,
    schemas.router,
    accounts_api.router,
    audit_api.router,
    operations_api.router,
    decisions_api.router,
    payouts_api.router,
    reports_api.router,
    notices_api.router,
    collections_api.router,
    vault_api.router,
    reviews_api.router,
    installations_api.router,
    sales_api.router,
    certification_api.router,
    billing_api.router,
    disputes_api.router,
    tax_profiles_api.router,
    catalog_api.router,
    storefront_pages.router,
)


def create_app(deps: Deps, app_url: str) -> FastAPI:
    """The application.

    Args:
        app_url: asyncpg DSN on which the process listens for news of operations and notices.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with (
            running(deps, app_url, app.state.visitors) as app.state.runs,
            catalog.open_index(deps.works) as app.state.search_index,
            collections.open_shelf(deps.works, deps.live) as app.state.collection_shelf,
            collections.open_counter(deps.works, app.state.collection_shelf) as app.state.click_counter,
        ):
            app.state.search_holders = catalog.Holders(deps.works, app.state.search_index)
            yield

    app = FastAPI(
        title="AEI Marketplace",
        version=version("aei-marketplace"),
        summary="Find plugins, install them, run them in a sandbox, prove what happened.",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.deps = deps
    app.state.desks = DESKS
    app.state.visitors = Visitors(deps.works)
    app.state.frame = FRAME
    app.state.exhibits = EXHIBITS
    app.state.secret_uses = installations.secrets_granted
    install_problems(app)
    for method, path, endpoint in EXPRESS:
        app.add_middleware(Express, method=method, path=path, endpoint=endpoint)
    app.add_middleware(BodyLimit)
    app.add_middleware(Tracing)
    for section in _sections():
        app.include_router(section)
    return app


@cache
def _sections() -> tuple[Section, ...]:
    # They hold nothing of an application; to make them takes a fifth of a second.
    return tuple(Section(router) for router in ROUTERS)


@asynccontextmanager
async def running(deps: Deps, app_url: str, visitors: Visitors) -> AsyncIterator[executions.Runs]:
    """What goes on beside the requests, for as long as the process serves; gives its executions."""
    await accounts.write_builtin_roles(deps.works)
    async with executions.serving(deps, app_url) as runs:
        deps.plugin_models.open(executions.model_runner(runs))
        tasks = [
            asyncio.create_task(relay(app_url, deps.live, NEWS)),
            asyncio.create_task(visitors.write_down_each_minute()),
        ]
        try:
            yield runs
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await visitors.write_down()


async def serve(settings: Settings) -> None:
    """Serve until a signal ends the process."""
    async with open_deps(settings) as deps:
        app = create_app(deps, database_urls(settings).app)
        # What was loaded stays for ever; collecting it again and again was the slowest requests' share.
        gc.collect()
        gc.freeze()
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        await uvicorn.Server(config).serve(sockets=_inherited_door())


def _inherited_door() -> list[socket.socket] | None:
    """The listening socket that the launcher opened; handed over as what it is, so that it stays TCP."""
    fd = os.environ.get(LISTEN_FD)
    return [socket.socket(fileno=int(fd))] if fd else None


def main() -> None:
    """The entry of `python -m aei_marketplace.app`."""
    configure_log()
    uvloop.run(serve(load_settings()))


if __name__ == "__main__":
    main()
