"""Running plugins in a real browser: forms from schemas, an execution live and ended, the list, try-outs."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from aei_marketplace.accounts import service as accounts
from aei_marketplace.executions import service as executions
from aei_marketplace.executions.rules.views import Filter
from aei_marketplace.ground.paging import PageWanted
from aei_marketplace.ground.ports import Listener
from aei_protocol.messages import Denial, Ended, Execute, LogLine, Progress, Usage
from aei_protocol.outcomes import Outcome
from tests.browser.conftest import VIEWS, OpenWindow, inspect
from tests.browser.site import Site
from tests.browser.waiting import follow, next_page
from tests.fakes import FakeSandbox, echo, ended
from tests.plugins import install, publish

INPUT = {
    "type": "object",
    "required": ["text", "strict"],
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "maxLength": 50_000, "minLength": 2, "description": "What is summarised"},
        "sentences": {"type": "integer", "minimum": 1, "maximum": 50, "default": 3},
        "strict": {"type": "boolean", "title": "Refuse what is too short"},
        "format": {"enum": ["markdown", "html", "text"], "description": "Guessed when not set"},
        "sources": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["address"],
                "properties": {"address": {"type": "string", "maxLength": 200}, "weight": {"type": "number"}},
            },
        },
    },
}
EXAMPLES = [
    {
        "title": "A note about a harbour",
        "input": {"text": "The harbour was built in three stages.", "strict": True},
    },
    {
        "title": "One short sentence",
        "input": {"text": "The pump was replaced.", "strict": False, "sentences": 1},
    },
]
PERMISSIONS = {
    "network": {"hosts": ["api.shop.example"], "reason": "fetches the sources"},
    "secrets": {"names": ["SHOP_KEY"], "reason": "signs in there"},
}
REPORT = {
    "summary": "The harbour was built in three stages, and the town grew with each of them.",
    "language": "en",
    "confident": True,
    "sentences": [
        {"text": "The harbour was built in three stages.", "score": 0.91, "place": 1},
        {"text": "With the railway the catch reached the city.", "score": 0.74, "place": 6},
        {"text": "Today the lighthouse is a small museum.", "score": 0.63, "place": 11},
    ],
    "settings": {"stop_words": ["the", "a", "of"], "weights": {"position": 0.2, "frequency": 0.8}},
}
USAGE = Usage(412.5, 1_830.2, 84_000_000, 14, 1_204, 20_480)


def perform(sandbox: FakeSandbox, task: Execute, listener: Listener) -> Ended:
    """A guest that does what its task says: report, ask for what it may not have, crash, or take too long."""
    text = str(json.loads(task.task).get("text", "")) if task.task.startswith("{") else ""
    for line in (
        LogLine(task.id, 2, "info", "reading 38 characters"),
        LogLine(task.id, 340, "warn", "no language was named; taking English"),
        LogLine(task.id, 1_790, "info", "done"),
    ):
        listener.log(line)
    if text.startswith("deny"):
        denied = (Denial("network", "api.shop.example", 2), Denial("models", "small", 1))
        return ended(task, Outcome.DENIED, problem="network is denied", denied=denied, usage=USAGE)
    if text.startswith("slow"):
        usage = Usage(900.0, 5_000.0, 130_000_000, 3, 900, 12)
        return ended(task, Outcome.WALL_LIMIT, problem="it ran for 5000 ms", usage=usage)
    output = json.dumps(REPORT)
    return ended(task, output=output, usage=USAGE, used=("network",), journal=b"journal", walls=WALLS)


WALLS = ("clean_env", "closed_fds", "landlock", "no_writable_code", "rlimits", "seccomp")


@pytest.fixture(scope="module", autouse=True)
def shop(site: Site) -> None:
    """A tenant with a ProjectManager, an Agent and a Viewer; one plugin installed, one only published."""

    async def make() -> None:
        async with site.deps.works.system("tests") as work:
            tenant = await accounts.create_tenant(work, "shop", "Shop")
        await site.add_person("runner", "Rea Runner", "ProjectManager", tenant)
        await site.add_person("helper", "Hal Helper", "Agent", tenant)
        await site.add_person("bystander", "Bo Bystander", "Viewer", tenant)

    site.run(make())
    runner = site.actor("runner")
    for name, title in (("summary", "Summary"), ("other", "Other")):
        manifest = {
            "id": f"shop.{name}",
            "name": title,
            "input_schema": INPUT,
            "examples": EXAMPLES,
            "permissions": PERMISSIONS,
        }
        site.run(publish(site.deps, runner, manifest))
    site.run(install(site.deps, runner, "shop.summary"))


@pytest.fixture(autouse=True)
def guest(site: Site) -> Iterator[None]:
    """Guests of these tests do what their tasks say."""
    sandbox = site.deps.sandbox
    assert isinstance(sandbox, FakeSandbox)
    sandbox.guest = perform
    yield
    sandbox.guest, sandbox.hold = echo, None


def total(site: Site, who: str = "runner") -> int:
    """How many executions somebody sees."""

    async def count() -> int:
        async with site.deps.works.begin(site_actor) as work:
            return (await executions.list_executions(work, PageWanted(), Filter())).total

    site_actor = site.actor(who)
    return int(site.run(count()))


def run(page: Page, text: str) -> None:
    """Run the installed plugin by its form, to its end."""
    page.goto("/executions/new?plugin=shop.summary")
    page.get_by_label("Text").fill(text)
    follow(page.get_by_role("button", name="Run", exact=True))
    expect(page.get_by_role("region", name="Outcome")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_every_page_of_executions_is_accessible_and_fits(
    open_window: OpenWindow, site: Site, width: int, theme: str
):
    if width == VIEWS[0][0]:
        empty = open_window("runner", width=width, theme=theme)
        empty.goto("/executions")
        inspect(empty, "executions-empty")
    page = open_window("runner", width=width, theme=theme)
    for name, path in (
        ("choose", "/executions/new"),
        ("choose-missing", "/executions/new?plugin=shop.other"),
        ("run", "/executions/new?plugin=shop.summary&example=0"),
        ("try", "/marketplace/shop.other/try"),
    ):
        page.goto(path)
        inspect(page, f"executions-{name}")
    page.get_by_label("Sentences").fill("many")
    follow(page.get_by_role("button", name="Try it"))
    expect(page.get_by_role("alert")).to_be_focused()
    inspect(page, "executions-try-wrong")
    for name, text in (("denied", "deny it"), ("slow", "slow one"), ("ended", "a long text")):
        run(page, text)
        inspect(page, f"executions-{name}")
    follow(page.get_by_role("button", name="Replay"))
    expect(page.get_by_text("Replay by")).to_be_visible()
    expect(page.get_by_role("region", name="Outcome")).to_be_visible()
    inspect(page, "executions-replay")
    page.goto("/executions")
    page.get_by_text("The figures").click()
    inspect(page, "executions-list")
    page.goto("/executions?outcome=sandbox_violation")
    inspect(page, "executions-none-fits")
    onlooker = open_window("bystander", width=width, theme=theme)
    for name, path in (
        ("run", "/executions/new?plugin=shop.summary"),
        ("try", "/marketplace/shop.other/try"),
        ("list", "/executions"),
    ):
        onlooker.goto(path)
        inspect(onlooker, f"executions-{name}-viewer")
        expect(onlooker.get_by_role("link", name="Run a plugin")).to_have_count(0)
    follow(onlooker.get_by_role("table", name="Executions").last.get_by_role("link").first)
    expect(onlooker.get_by_role("region", name="Facts")).to_be_visible()
    inspect(onlooker, "executions-ended-viewer")
    expect(onlooker.get_by_role("button", name="Replay")).to_have_count(0)


def test_an_execution_is_followed_live_to_its_end_without_loading_the_page_again(
    open_window: OpenWindow, site: Site, monkeypatch: pytest.MonkeyPatch
):
    go_on = asyncio.Event()

    async def live(task: Execute, listener: Listener) -> Ended:
        listener.log(LogLine(task.id, 1, "warn", "\x1b[31mfirst\x1b[0m <b>line</b>"))
        listener.progress(Progress(task.id, 0.4, "reading"))
        await go_on.wait()
        return perform(FakeSandbox(), task, listener)

    monkeypatch.setattr(site.deps.sandbox, "execute", live)
    page = open_window("runner")
    page.goto("/executions/new?plugin=shop.summary")
    page.get_by_label("Text").fill("a long text")
    follow(page.get_by_role("button", name="Run", exact=True))
    expect(page.get_by_text("reading", exact=True)).to_be_visible()
    expect(page.get_by_text("first <b>line</b>")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 0.4)
    inspect(page, "executions-running")
    page.evaluate("window.untouched = true")
    site.loop.call_soon_threadsafe(go_on.set)
    expect(page.get_by_role("region", name="Outcome")).to_contain_text("It finished.")
    expect(page.locator("#said")).to_have_text("It finished.")
    assert page.evaluate("window.untouched") is True
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)


def test_a_page_whose_stream_is_refused_comes_back_and_says_how_it_stands(
    open_window: OpenWindow, site: Site
):
    sandbox = site.deps.sandbox
    assert isinstance(sandbox, FakeSandbox)
    hold = sandbox.hold = asyncio.Event()
    page = open_window("helper")
    page.route("**/live", lambda route: route.fulfill(status=503, body="restarting"), times=1)
    page.goto("/executions/new?plugin=shop.summary&example=1")
    follow(page.get_by_role("button", name="Run", exact=True))
    expect(page.get_by_role("progressbar")).to_be_visible()
    site.loop.call_soon_threadsafe(hold.set)
    expect(page.get_by_role("region", name="Outcome")).to_contain_text("It finished.")


def test_a_running_execution_is_cancelled_from_its_page(open_window: OpenWindow, site: Site):
    sandbox = site.deps.sandbox
    assert isinstance(sandbox, FakeSandbox)
    sandbox.hold = asyncio.Event()
    page = open_window("helper")
    page.goto("/executions/new?plugin=shop.summary&example=1")
    follow(page.get_by_role("button", name="Run", exact=True))
    follow(page.get_by_role("button", name="Cancel"))
    expect(page.get_by_role("region", name="Outcome")).to_contain_text("It was cancelled.")


def test_without_scripts_rows_are_added_json_is_edited_and_the_task_runs(open_window: OpenWindow, site: Site):
    page = open_window("runner", scripts=False)
    page.goto("/marketplace/shop.other/try")
    follow(page.get_by_role("link", name="One short sentence"))
    expect(page.get_by_label("Text")).to_have_value("The pump was replaced.")
    page.get_by_role("group", name="Sources 1").get_by_label("Address").fill("https://a.example/")
    follow(page.get_by_role("button", name="Add another"))
    page.get_by_role("group", name="Sources 2").get_by_label("Address").fill("https://b.example/")
    follow(page.get_by_role("button", name="Edit as JSON"))
    task = json.loads(page.get_by_label("Task").input_value())
    assert task == {
        "text": "The pump was replaced.",
        "strict": False,
        "sentences": 1,
        "sources": [{"address": "https://a.example/"}, {"address": "https://b.example/"}],
    }
    page.get_by_label("Task").fill(json.dumps({**task, "format": "rtf"}))
    follow(page.get_by_role("button", name="Edit in fields"))
    follow(page.get_by_role("button", name="Try it"))
    expect(page.get_by_text("'rtf' is not allowed here")).to_have_count(2)  # in the summary and at the field
    follow(page.get_by_role("button", name="Edit as JSON"))
    page.get_by_label("Task").fill(json.dumps(task))
    follow(page.get_by_role("button", name="Try it"))
    page.wait_for_url("**/executions/*-*")
    page.reload()
    expect(page.get_by_role("region", name="Outcome")).to_contain_text("Nothing was installed.")


def test_the_return_key_runs_and_a_form_sent_twice_runs_once(open_window: OpenWindow, site: Site):
    page = open_window("runner")
    page.goto("/executions/new?plugin=shop.summary&example=0")
    before = total(site)
    page.evaluate(
        """() => {
          const form = document.querySelector('form[action="/executions/new"]');
          const body = new URLSearchParams(new FormData(form));
          const send = () => fetch(form.action, { method: "POST", body, redirect: "manual" });
          return Promise.all([send(), send()]);
        }"""
    )
    with next_page(page):
        page.get_by_label("Sentences").press("Enter")
    expect(page.get_by_role("region", name="Outcome")).to_be_visible()
    assert total(site) == before + 1


@pytest.mark.parametrize(
    "path", ["/executions/new?plugin=shop.summary&example=0", "/marketplace/shop.other/try"]
)
def test_a_forged_form_runs_nothing(open_window: OpenWindow, site: Site, path: str):
    page = open_window("runner")
    page.goto(path)
    before = total(site)
    page.evaluate("document.querySelector('main [name=csrf_token]').value = 'forged'")
    follow(page.locator("main form button.primary"))
    expect(page.locator("main .code")).to_have_text("403")
    assert total(site) == before


def test_the_trend_and_the_chips_lead_to_what_they_say(open_window: OpenWindow, site: Site):
    page = open_window("runner")
    run(page, "deny it")
    page.goto("/executions")
    follow(page.get_by_role("navigation", name="Outcome").get_by_role("link", name="Denied"))
    page.wait_for_url("**/executions?outcome=denied")
    badges = page.get_by_role("table", name="Executions").last.locator(".badge")
    assert set(badges.all_inner_texts()) == {"Denied"}
    page.go_back()
    follow(page.get_by_role("navigation", name="Who").get_by_role("link", name="Mine"))
    page.wait_for_url("**/executions?who=me")
