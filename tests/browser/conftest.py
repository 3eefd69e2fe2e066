"""One browser and one marketplace for all browser tests; each test has windows of its own."""

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import text

from aei_marketplace.accounts import service as accounts
from aei_marketplace.adapters.postgres import DatabaseUrls
from tests.browser.site import Site, running_site
from tests.browser.waiting import PATIENCE_MS, settled

expect.set_options(timeout=PATIENCE_MS)

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Narrow and wide, light and dark: every page is looked at in each of the two.
VIEWS = [(360, "light"), (1280, "dark")]
#: Where the readers are, wherever the tests run: nine hours ahead of the marketplace.
READERS_ZONE = "Asia/Tokyo"

OpenWindow = Callable[..., Page]


# Of the package, not of the session: the browser's driver keeps an event loop running in this thread, beside
# which no asynchronous test of another folder could run.
@pytest.fixture(scope="package")
def site(server: str, template: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A marketplace with people in it."""
    urls = copied_database(server, template, "browsers")
    with running_site(urls, tmp_path_factory.mktemp("site")) as running:
        running.run(add_people(running))
        yield running


@pytest.fixture(scope="module", autouse=True)
def no_jobs_left_behind(site: Site) -> Iterator[None]:
    """Whoever works jobs off next finds no jobs of other tests, with kinds of cases that are only theirs."""
    yield
    site.run(_forget_jobs(site))


async def _forget_jobs(site: Site) -> None:
    async with site.deps.works.system("tests") as work:
        await work.run(text("delete from pgqueuer"))


def copied_database(server: str, template: DatabaseUrls, name: str) -> DatabaseUrls:
    """A fresh database with all tables and nothing in them."""

    async def copy() -> None:
        admin = await asyncpg.connect(server)
        await admin.execute(f"drop database if exists {name} with (force)")
        await admin.execute(f"create database {name} template template_aei owner aei_owner")
        await admin.close()

    # In a thread of its own: once the browser runs, its driver keeps an event loop running in this one.
    with ThreadPoolExecutor(1) as aside:
        aside.submit(asyncio.run, copy()).result()
    urls = (template.owner, template.app, template.system)
    return DatabaseUrls(*(url.replace("/template_aei", f"/{name}") for url in urls))


async def add_people(site: Site) -> None:
    """A tenant with people of each kind, and an operator."""
    async with site.deps.works.system("tests") as work:
        acme = await accounts.create_tenant(work, "acme", "Acme Robotics")
    await site.add_person("admin", "Ada Admin", "Admin", acme)
    await site.add_person("viewer", "Vera Viewer", "Viewer", acme)
    await site.add_person("passkey_holder", "Kim Keyes", "Agent", acme)
    await site.add_person("operator", "Olga Operator", "Operator", None)
    await site.add_person("moderator", "Mona Moderator", "Moderator", None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which `.ci/run` installs."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        environment = {**os.environ, "TZ": READERS_ZONE}
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=environment)
        yield running
        running.close()


@pytest.fixture
def open_window(site: Site, browser: Browser) -> Iterator[OpenWindow]:
    """Opens windows: as somebody or as nobody, of a width, in a theme, with scripts or without.

    At its end no window has met an error: no script that failed, nothing that the policy refused.
    """
    opened: list[BrowserContext] = []
    problems: list[str] = []

    def open_window(
        who: str | None = None, *, width: int = 1280, theme: str = "light", scripts: bool = True
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=theme,  # type: ignore[arg-type] # one of its literals
            java_script_enabled=scripts,
            base_url=site.url,
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        if who is not None:
            context.add_cookies([{"name": "aei_session", "value": site.session(who), "url": site.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("console", lambda message: _note(problems, message.type, message.text))
        page.on("request", lambda request: _local(problems, site.url, request.url))
        return page

    yield open_window
    for context in opened:
        context.close()
    assert problems == []


def _note(problems: list[str], kind: str, text: str) -> None:
    # The status of an answer is for the test to judge.
    if kind == "error" and "Failed to load resource: the server responded" not in text:
        problems.append(text)


def _local(problems: list[str], here: str, url: str) -> None:
    if not url.startswith((here, here.replace("127.0.0.1", "localhost"), "data:")):
        problems.append(f"a request to {url}")


def inspect(page: Page, name: str) -> None:
    """Look at a page as an auditor does: no accessibility violation, nothing wider than the window.

    With `AEI_SCREENSHOTS` naming a folder, a picture of it is kept there.
    """
    settled(page)
    width, window = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    if folder := os.environ.get("AEI_SCREENSHOTS"):
        theme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
        page.screenshot(path=Path(folder) / f"{name}-{window}-{theme}.png", full_page=True)
    assert width <= window, f"{name} is {width} wide in a window of {window}"
    result = Axe().run(page)
    assert result.violations_count == 0, f"{name}: {result.generate_report()}"
