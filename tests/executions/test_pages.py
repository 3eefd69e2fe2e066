"""Pages of executions, as a browser asks for them: forms, refusals, what of others is not there."""

import asyncio
import json
import re
from dataclasses import replace
from uuid import uuid4

import pytest

from aei_marketplace.executions.rules.tryouts import OF_A_USER
from aei_marketplace.executions.service import trying
from aei_marketplace.ground.deps import Deps
from aei_marketplace.ground.ports import Listener
from aei_protocol.messages import Denial, Ended, Execute, LogLine
from aei_protocol.outcomes import Outcome
from tests.builders import Tenant, make_staff, make_tenant
from tests.fakes import FakeSandbox, echo, ended
from tests.plugins import ASKING, install, publish
from tests.serving import Answer, Client

HTML = {"Accept": "text/html"}
SCHEMA = {
    "input_schema": {
        "type": "object",
        "required": ["text"],
        "additionalProperties": False,
        "properties": {
            "text": {"type": "string", "minLength": 2, "maxLength": 100},
            "count": {"type": "integer", "maximum": 9},
        },
    },
    "examples": [
        {"title": "First <b>", "input": {"text": "one text"}},
        {"title": "Second", "input": {"text": "two texts", "count": 2}},
    ],
}


def journalled(sandbox: FakeSandbox, task: Execute, listener: Listener) -> Ended:
    """As `echo`, with a journal."""
    return replace(echo(sandbox, task, listener), journal=b"journal")


@pytest.fixture
async def acme(deps: Deps, client: Client, sandbox: FakeSandbox) -> Tenant:
    """A tenant that has published and installed `acme.echo`."""
    sandbox.guest = journalled
    tenant = await make_tenant(deps.works, "acme")
    await publish(deps, tenant.manager, {**ASKING, **SCHEMA})
    assert (await install(deps, tenant.admin)).state == "succeeded"
    return tenant


@pytest.fixture
def slow_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try-outs come back once a minute, so that a slow machine counts as a quick one does."""
    monkeypatch.setattr(trying, "OF_A_USER", replace(OF_A_USER, executions_per_minute=1))


async def see(client: Client, path: str, tenant: Tenant, role: str = "Admin") -> Answer:
    return await client.get(path, tenant.tokens[role], headers=HTML)


async def send(client: Client, path: str, tenant: Tenant, role: str = "Admin", **form: str) -> Answer:
    return await client.post(
        path,
        tenant.tokens[role],
        headers=HTML,
        data={"x": "", **{name.replace("__", "/"): value for name, value in form.items()}},
        allow_redirects=False,
    )


async def run(client: Client, tenant: Tenant, role: str = "Admin", **form: str) -> str:
    """Run `acme.echo` by its form, to its end; the path of its page."""
    values = {"plugin": "acme.echo", "task__text": "hello", "journal": "on", **form}
    started = await send(client, "/executions/new", tenant, role, **values)
    assert started.status == 303, started.body.decode()
    await until_ended(client, tenant, started.headers["location"])
    return started.headers["location"]


async def until_ended(client: Client, tenant: Tenant, path: str) -> None:
    async with asyncio.timeout(60):
        while True:
            execution = await client.get(f"/api{path}", tenant.tokens["Admin"])
            if execution.json["outcome"] is not None:
                return
            await asyncio.sleep(0.02)


def text_of(answer: Answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.body.decode()))


async def test_a_run_is_started_by_its_form_and_its_page_shows_what_came_of_it(client: Client, acme: Tenant):
    form = await see(client, "/executions/new?plugin=acme.echo&example=1", acme)
    assert b"two texts" in form.body
    assert b"First &lt;b&gt;" in form.body
    path = await run(client, acme, task__count="3")
    shown = text_of(await see(client, path, acme))
    for part in ("It finished.", "hello", "working", "seccomp", "Run again", "Replay", "acme Admin"):
        assert part in shown, part
    assert "acme.echo" in text_of(await see(client, "/executions", acme))


async def test_a_task_that_does_not_fit_is_shown_again_with_the_fault_beside_its_field(
    client: Client, acme: Tenant
):
    answer = await send(
        client, "/executions/new", acme, plugin="acme.echo", task__text="x", task__count="many"
    )
    assert answer.status == 422
    assert "&#39;many&#39; is not a number." in answer.body.decode()
    answer = await send(client, "/executions/new", acme, plugin="acme.echo", task__text="x", task__count="10")
    assert answer.status == 422
    assert b'aria-describedby="hint-task/count error-task/count"' in answer.body
    assert b'id="error-task/text"' in answer.body
    assert b'value="10"' in answer.body
    assert "Nothing has run yet" in text_of(await see(client, "/executions", acme))


async def test_a_plugin_that_is_not_installed_is_not_run_and_the_page_says_what_can_be_done(
    client: Client, acme: Tenant
):
    page = await see(client, "/executions/new?plugin=acme.other", acme)
    assert page.status == 404
    assert "That plugin is not installed here." in text_of(page)
    assert "Echo acme.echo 1.0.0" in text_of(page)
    assert (await send(client, "/executions/new", acme, plugin="acme.other", task__text="hi")).status == 404


@pytest.mark.usefixtures("slow_refill")
async def test_a_try_out_shows_its_terms_and_installs_nothing(client: Client, deps: Deps):
    acme, globex = await make_tenant(deps.works, "acme"), await make_tenant(deps.works, "globex")
    await publish(deps, acme.manager, {**ASKING, **SCHEMA})
    form = await see(client, "/marketplace/acme.echo/try", globex)
    words = text_of(form)
    assert "It holds no permission. The release asks for network, secrets" in words
    assert "You can start 5 try-outs right now" in words
    assert b"one text" in form.body
    started = await send(client, "/marketplace/acme.echo/try", globex, "Agent", task__text="mine")
    path = started.headers["location"]
    await until_ended(client, globex, path)
    page = text_of(await see(client, path, globex, "Agent"))
    assert "Try-out by globex Agent" in page
    assert "Nothing was installed." in page
    assert (await client.get("/api/plugins/installations", globex.tokens["Admin"])).json["total"] == 0
    assert "You can start 4 try-outs" in text_of(
        await see(client, "/marketplace/acme.echo/try", globex, "Agent")
    )


@pytest.mark.usefixtures("slow_refill")
async def test_too_many_try_outs_are_refused_on_the_form_with_what_was_typed(client: Client, acme: Tenant):
    tried = [
        await send(client, "/marketplace/acme.echo/try", acme, "Agent", task__text=f"text {n}")
        for n in range(6)
    ]
    assert [answer.status for answer in tried] == [303] * 5 + [429]
    assert b"text 5" in tried[-1].body
    assert "As try-outs you may start" in text_of(tried[-1])


async def test_a_denial_is_explained_by_why_it_was_denied(client: Client, acme: Tenant, sandbox: FakeSandbox):
    def denied(_: FakeSandbox, task: Execute, __: object) -> Ended:
        targets = [("network", "api.acme.example", 2), ("models", "any", 1), ("plugins", "a.b", 1)]
        denials = tuple(Denial(*each) for each in targets)
        return ended(task, Outcome.DENIED, problem="no network", denied=denials, more_denied=3)

    sandbox.guest = denied
    path = await run(client, acme)
    page = text_of(await see(client, path, acme))
    assert "It asked to reach api.acme.example, 2 times." in page
    assert "It is not granted, or this goes beyond what is. If you want it to, change" in page
    assert "Its manifest does not ask for this, so nobody can grant it." in page
    assert "It may call only plugins that its manifest depends on" in page
    assert "3 further calls were denied." in page
    assert "Ask somebody who may install plugins." in text_of(await see(client, path, acme, "Viewer"))


async def test_a_limit_that_was_reached_is_named(client: Client, acme: Tenant, sandbox: FakeSandbox):
    sandbox.guest = lambda _, task, __: ended(task, Outcome.WALL_LIMIT, problem="too slow")
    page = text_of(await see(client, await run(client, acme), acme))
    assert "It ran for as long as it may, and was stopped." in page
    assert page.count("This limit ended it.") == 1


HOSTILE = "\x1b[31mred\x1b[0m <script>alert(1)</script> \u202egpj.exe \x1b]0;title\x07"


async def test_hostile_output_log_and_problem_are_only_text(
    client: Client, acme: Tenant, sandbox: FakeSandbox
):
    def hostile(_: FakeSandbox, task: Execute, listener: Listener) -> Ended:
        listener.log(LogLine(task.id, 1, "<i>", HOSTILE))
        output = json.dumps({HOSTILE: [{"<b>": HOSTILE}], "list": [1, [HOSTILE]]})
        return ended(task, output=output, problem=HOSTILE)

    sandbox.guest = hostile
    path = await run(client, acme)
    page = (await see(client, path, acme)).body.decode()
    for never in ("<script>alert", "\u202e", "\x1b", "<b>", "<i>", "[31m"):
        assert never not in page, never
    assert "&lt;script&gt;" in page
    taken = await see(client, f"{path}/output", acme)
    assert taken.headers["content-disposition"].startswith("attachment")
    assert taken.headers["content-type"] == "application/octet-stream"
    assert taken.headers["x-content-type-options"] == "nosniff"
    assert HOSTILE in json.loads(taken.body)
    log = await see(client, f"{path}/log", acme)
    assert json.loads(log.body)["message"] == HOSTILE


async def test_a_very_large_output_is_cut_on_the_page_and_whole_in_the_download(
    client: Client, acme: Tenant, sandbox: FakeSandbox
):
    large = json.dumps([{"text": "x" * 1000}] * 10_000)
    sandbox.guest = lambda _, task, __: ended(task, output=large)
    path = await run(client, acme)
    page = await see(client, path, acme)
    assert len(page.body) < 100_000
    assert "Only the beginning is shown here." in text_of(page)
    assert (await see(client, f"{path}/output", acme)).body.decode() == large


async def test_a_running_execution_is_followed_and_cancelled(
    client: Client, acme: Tenant, sandbox: FakeSandbox
):
    sandbox.hold = asyncio.Event()
    started = await send(client, "/executions/new", acme, plugin="acme.echo", task__text="hello")
    path = started.headers["location"]
    page = await see(client, path, acme)
    assert f'data-live="{path}/live"'.encode() in page.body
    async with client.session.get(
        f"{client.url}{path}/live", headers={"Authorization": f"Bearer {acme.tokens['Admin']}"}
    ) as stream:
        assert (await send(client, f"{path}/cancel", acme)).status == 303
        told = (await stream.read()).decode()
    assert "event: end\ndata: {}" in told
    assert "It was cancelled." in text_of(await see(client, path, acme))
    again = await send(client, f"{path}/cancel", acme)
    assert again.status == 303  # with a word that it has ended
    assert "aei_flash" in again.headers["set-cookie"]


async def test_the_same_task_is_sent_again_and_shown_only_to_who_gave_it(client: Client, acme: Tenant):
    path = await run(client, acme, "Agent", task__text="secret words")
    id = path.rpartition("/")[2]
    filled = await see(client, f"/executions/new?plugin=acme.echo&again={id}", acme, "Agent")
    assert b"secret words" in filled.body
    others = await see(client, f"/executions/new?plugin=acme.echo&again={id}", acme, "Admin")
    assert b"secret words" not in others.body
    assert "is not yours" in text_of(others)
    second = await send(client, f"{path}/again", acme, "Agent")
    await until_ended(client, acme, second.headers["location"])
    assert "secret words" in text_of(await see(client, second.headers["location"], acme, "Agent"))
    assert (await send(client, f"{path}/again", acme, "Admin")).status == 404


async def test_a_journal_is_kept_of_a_run_that_asks_for_one(
    client: Client, acme: Tenant, sandbox: FakeSandbox
):
    await run(client, acme)
    assert sandbox.sent[-1].journal is not None
    form = {"plugin": "acme.echo", "task__text": "hello"}
    await send(client, "/executions/new", acme, **form)
    assert sandbox.sent[-1].journal is None
    body = {"task": {"text": "hello"}, "journal": True}
    await client.post("/api/plugins/acme.echo/execute", acme.tokens["Admin"], json=body)
    assert sandbox.sent[-1].journal is not None


async def test_a_replay_says_whether_it_was_the_same(client: Client, acme: Tenant, sandbox: FakeSandbox):
    path = await run(client, acme)
    same = await send(client, f"{path}/replay", acme)
    await until_ended(client, acme, same.headers["location"])
    assert "The same result." in text_of(await see(client, same.headers["location"], acme))
    sandbox.guest = lambda _, task, __: ended(task, output='"other"')
    other = await send(client, f"{path}/replay", acme)
    await until_ended(client, acme, other.headers["location"])
    page = text_of(await see(client, other.headers["location"], acme))
    assert "It went another way at host call 3." in page


@pytest.mark.parametrize("part", ["", "/live", "/output", "/log"])
async def test_another_tenants_execution_is_not_there(client: Client, deps: Deps, acme: Tenant, part: str):
    globex = await make_tenant(deps.works, "globex")
    path = await run(client, acme)
    assert (await see(client, path + part, globex)).status == 404
    assert (await see(client, f"/executions/{uuid4()}{part}", acme)).status == 404


@pytest.mark.parametrize("verb", ["cancel", "replay", "again"])
async def test_another_tenants_execution_is_not_touched(client: Client, deps: Deps, acme: Tenant, verb: str):
    globex = await make_tenant(deps.works, "globex")
    path = await run(client, acme)
    assert (await send(client, f"{path}/{verb}", globex)).status == 404
    assert text_of(await see(client, "/executions", globex)).count("acme.echo") == 0


async def test_an_agent_sees_its_own_executions_only(client: Client, acme: Tenant):
    admins, agents = await run(client, acme, "Admin"), await run(client, acme, "Agent")
    assert (await see(client, admins, acme, "Agent")).status == 404
    shown = (await see(client, "/executions", acme, "Agent")).body.decode()
    assert agents in shown
    assert admins not in shown
    assert "1 of 1 execution" in text_of(await see(client, "/executions", acme, "Agent"))
    who = acme.admin.id
    assert "No execution fits" in text_of(await see(client, f"/executions?who={who}", acme, "Agent"))


async def test_a_viewer_is_told_and_the_server_refuses(client: Client, acme: Tenant):
    path = await run(client, acme)
    for page in ("/executions/new", "/executions/new?plugin=acme.echo", "/marketplace/acme.echo/try"):
        shown = await see(client, page, acme, "Viewer")
        assert "Your role looks on." in text_of(shown)
        assert b'name="task/text"' not in shown.body
    looked = (await see(client, path, acme, "Viewer")).body
    assert b"/cancel" not in looked
    assert b"/replay" not in looked
    form = {"plugin": "acme.echo", "task__text": "hello"}
    for refused in ("/executions/new", "/marketplace/acme.echo/try", f"{path}/replay", f"{path}/cancel"):
        assert (await send(client, refused, acme, "Viewer", **form)).status == 403
    assert (await send(client, f"{path}/again", acme, "Viewer")).status == 403


async def test_the_list_is_narrowed_by_its_address(client: Client, acme: Tenant, sandbox: FakeSandbox):
    good = await run(client, acme, "Agent")
    sandbox.guest = lambda _, task, __: ended(task, Outcome.TRAP, problem="crash")
    bad = await run(client, acme, "Admin")
    sandbox.guest = echo

    async def listed(query: str) -> tuple[bool, bool]:
        page = (await see(client, f"/executions?{query}", acme)).body.decode()
        return good in page, bad in page

    assert await listed("") == (True, True)
    assert await listed("outcome=ok") == (True, False)
    assert await listed("outcome=failed") == (False, True)
    assert await listed("outcome=running") == (False, False)
    assert await listed("who=me") == (False, True)
    assert await listed(f"who={acme.agent.id}&outcome=ok&since=day&plugin=acme.echo") == (True, False)
    assert await listed("plugin=acme.other") == (False, False)
    first = (await see(client, "/executions?limit=1", acme)).body.decode()
    assert bad in first
    assert good not in first
    assert "cursor=" in first


@pytest.mark.parametrize("query", ["outcome=gone", "since=ever", "who=somebody", "plugin=%00", "cursor=x"])
async def test_a_filter_that_cannot_be_is_refused(client: Client, acme: Tenant, query: str):
    assert (await see(client, f"/executions?{query}", acme)).status == 422


async def test_the_trend_counts_what_the_list_shows(client: Client, acme: Tenant, sandbox: FakeSandbox):
    await run(client, acme, "Agent")
    sandbox.guest = lambda _, task, __: ended(task, Outcome.TRAP, problem="crash")
    await run(client, acme, "Admin")
    page = await see(client, "/executions", acme)
    assert "2 executions, 1 of them failed" in text_of(page)
    assert b'<svg class="bars"' in page.body
    assert "1 execution, 0 of them failed" in text_of(await see(client, "/executions", acme, "Agent"))


async def test_staff_without_a_tenant_have_no_executions(client: Client, deps: Deps, acme: Tenant):
    _, token = await make_staff(deps.works, "Operator")
    path = await run(client, acme)
    for each in ("/executions", "/executions/new", path):
        answer = await client.get(each, token, headers=HTML)
        assert answer.status in (403, 404)
