"""The way of a plugin, by API and by command line, through every real part."""

import json
import os
import time
import urllib.error
import urllib.request
import uuid

from aei_marketplace.bench.calls import Caller
from tests.flows.conftest import PATIENCE_S, Market, alive, cpu_seconds, until
from tests.packages import component_wat, make_package

FOREVER = component_wat(body="(loop $l (br $l))")


def publish(market: Market, who: str, package: bytes, timeout: float = PATIENCE_S) -> tuple[int, dict]:
    """POST a package as multipart/form-data."""
    boundary = uuid.uuid4().hex
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="package"; filename="p.aeiplugin"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    ).encode()
    body += package + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(
        f"{market.url}/api/plugins",
        body,
        {
            "Authorization": f"Bearer {market.known['tokens'][who]}",
            "Content-Type": f"multipart/form-data; boundary={boundary}",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def publish_and_install(market: Market, name: str, wat: str, **manifest) -> str:
    plugin = f"acme.{name}"
    status, release = publish(market, "project_manager", make_package({"id": plugin, **manifest}, wat=wat))
    assert (status, release["state"]) == (201, "listed"), release
    market.as_("project_manager").install(plugin)
    return plugin


def audit_of(caller: Caller, resource: str) -> list[tuple[str, str]]:
    status, found = caller.get(f"/api/audit?resource={resource}")
    assert status == 200
    return sorted((entry["action"], entry["outcome"]) for entry in found["items"])


def wait_for_end(caller: Caller, execution: str) -> dict:
    return until(lambda: (found := caller.get(f"/api/executions/{execution}")[1])["outcome"] and found)


def start_forever(caller: Caller, plugin: str) -> str:
    status, started = caller.post(f"/api/plugins/{plugin}/execute", {"task": {}, "mode": "async"})
    assert status == 202, started
    return started["id"]


def busy(market: Market, before: set[int]) -> set[int]:
    """Workers newer than `before` that compute: a guest that never ends is among them once it runs."""
    return {pid for pid in set(market.workers()) - before if cpu_seconds(pid) > 0.5}


def test_a_plugin_is_found_installed_and_run_and_the_log_says_so_once(market: Market):
    admin = market.as_("admin")
    status, found = admin.get("/api/plugins?q=language&facets=1")
    assert status == 200
    assert "studio.langid" in [plugin["id"] for plugin in found["items"]]
    admin.install("studio.langid")
    status, run = admin.post(
        "/api/plugins/studio.langid/execute", {"task": {"text": "Der Himmel über dem Hafen war klar."}}
    )
    assert (status, run["outcome"], run["output"]["language"]) == (200, "ok", "de")
    assert run["usage"]["peak_memory_bytes"] > 0
    assert {"seccomp", "landlock", "rlimits", "closed_fds", "clean_env"} <= set(run["walls"])
    assert audit_of(admin, run["id"]) == [("execution.end", "ok"), ("execution.start", "ok")]
    (end,) = list(admin.get(f"/api/audit?resource={run['id']}&action=execution.end")[1]["items"])
    assert end["sequence"] is not None


def test_the_same_way_by_command_line(market: Market):
    def aei(*arguments: str) -> str:
        done = market.aei("globex_admin", *arguments)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    assert "studio.langid" in aei("search", "language")
    assert "no permission" in aei("info", "studio.langid").lower()
    aei("install", "studio.langid")
    run = json.loads(aei("run", "studio.langid", "--task", '{"text": "La mer est calme ce soir."}', "--json"))
    assert run["output"]["language"] == "fr"
    aei("logs", run["id"])
    assert "studio.langid" in aei("list")
    aei("disable", "studio.langid")
    refused = market.aei("globex_admin", "run", "studio.langid", "--task", '{"text": "x"}')
    assert refused.returncode == 5
    assert "disabled" in refused.stderr
    aei("enable", "studio.langid")
    aei("uninstall", "studio.langid", "--yes")
    assert market.aei("globex_admin", "run", "studio.langid", "--task", '{"text": "x"}').returncode == 4


def test_the_python_examples_arrive_and_work(market: Market):
    admin = market.as_("admin")
    for plugin in ("studio.summarise", "studio.linkcheck"):
        until(lambda plugin=plugin: admin.get(f"/api/plugins/{plugin}")[0] == 200, 240, 0.5)
        admin.install(plugin)
    text = "Bees fly far. Bees find flowers and bees tell other bees. It rains."
    status, run = admin.post(
        "/api/plugins/studio.summarise/execute", {"task": {"text": text, "sentences": 1}}
    )
    assert (status, run["outcome"]) == (200, "ok"), run
    assert "bees" in json.dumps(run["output"]).lower()
    status, run = admin.post(
        "/api/plugins/studio.linkcheck/execute", {"task": {"text": "See https://example.com/secret-path ."}}
    )
    assert status == 200, run
    assert run["permissions"]["denied"]
    denied = admin.get("/api/audit?action=permission.denied")[1]["items"]
    assert denied
    assert "secret-path" not in json.dumps(denied)


def test_a_running_execution_shows_its_events_and_can_be_cancelled(market: Market):
    plugin = publish_and_install(market, "cancelled", FOREVER, limits={"wall_ms": 60000, "cpu_ms": 60000})
    manager = market.as_("project_manager")
    execution = start_forever(manager, plugin)
    status, _ = manager.post(f"/api/executions/{execution}/cancel", {})
    assert status == 202
    request = urllib.request.Request(
        f"{market.url}/api/executions/{execution}/events",
        headers={"Authorization": f"Bearer {manager.token}"},
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as events:
        assert b"event: end" in events.read()
    assert wait_for_end(manager, execution)["outcome"] == "cancelled"


def test_a_guest_that_never_ends_is_ended_at_its_limit(market: Market):
    plugin = publish_and_install(market, "endless", FOREVER, limits={"cpu_ms": 300, "wall_ms": 60000})
    manager = market.as_("project_manager")
    status, run = manager.post(f"/api/plugins/{plugin}/execute", {"task": {}})
    assert (status, run["outcome"]) == (200, "cpu_limit")
    assert audit_of(market.as_("admin"), run["id"]) == [
        ("execution.end", "cpu_limit"),
        ("execution.start", "ok"),
    ]


def test_a_killed_worker_ends_its_run_once_and_the_next_one_works(market: Market):
    market.have("admin", "studio.langid")
    plugin = publish_and_install(market, "killed", FOREVER, limits={"wall_ms": 60000, "cpu_ms": 60000})
    manager, before = market.as_("project_manager"), set(market.workers())
    execution = start_forever(manager, plugin)

    def outcome_after_kills() -> str | None:
        for pid in busy(market, before):
            os.kill(pid, 9)
        return manager.get(f"/api/executions/{execution}")[1]["outcome"]

    assert until(outcome_after_kills) == "worker_lost"
    assert audit_of(market.as_("admin"), execution) == [
        ("execution.end", "worker_lost"),
        ("execution.start", "ok"),
    ]
    market.as_("admin").time_posts(
        "/api/plugins/studio.langid/execute", {"task": {"text": "still here and well"}}, 1
    )


def test_a_killed_sandbox_host_comes_back_and_loses_nothing_silently(market: Market):
    market.have("admin", "studio.langid")
    plugin = publish_and_install(market, "hostless", FOREVER, limits={"wall_ms": 60000, "cpu_ms": 60000})
    manager, before = market.as_("project_manager"), set(market.workers())
    execution = start_forever(manager, plugin)
    until(lambda: busy(market, before))
    old = market.pids["sandbox"]
    os.kill(old, 9)
    assert wait_for_end(manager, execution)["outcome"] == "worker_lost"
    until(lambda: market.read_ready_file() or market.pids["sandbox"] != old)
    admin = market.as_("admin")
    until(
        lambda: (
            admin.post("/api/plugins/studio.langid/execute", {"task": {"text": "is anybody there"}})[0] == 200
        ),
        pause=0.3,
    )


def test_a_web_process_killed_during_a_publish_leaves_no_half_release(market: Market):
    admin, old = market.as_("admin"), market.pids["web"]
    package = make_package({"id": "acme.halved"}, files={"CHANGELOG.md": os.urandom(400_000).hex().encode()})
    pid = os.fork()
    if pid == 0:
        try:
            publish(market, "project_manager", package)
        finally:
            os._exit(0)
    time.sleep(0.15)
    os.kill(old, 9)
    os.waitpid(pid, 0)
    until(lambda: market.read_ready_file() or market.pids["web"] != old)
    admin = market.as_("admin")
    until(lambda: _answers(admin), pause=0.3)
    manager = market.as_("project_manager")
    status, _ = manager.get("/api/plugins/acme.halved/versions/1.0.0")
    if status == 200:  # it had been committed: then it is whole
        until(
            lambda: manager.get("/api/plugins/acme.halved/versions/1.0.0")[1]["state"] == "listed", pause=0.2
        )
    else:
        assert status == 404
        assert publish(market, "project_manager", package)[0] == 201


def test_a_killed_launcher_takes_everything_along_and_the_next_start_recovers(market: Market):
    plugin = publish_and_install(market, "orphaned", FOREVER, limits={"wall_ms": 120000, "cpu_ms": 60000})
    manager, before = market.as_("project_manager"), set(market.workers())
    execution = start_forever(manager, plugin)
    until(lambda: busy(market, before))
    processes = market.processes()
    os.kill(market.pids["launcher"], 9)
    market.process.wait(PATIENCE_S)
    until(lambda: not any(alive(pid) for pid in processes))
    market.start()
    manager = market.as_("project_manager")
    assert wait_for_end(manager, execution)["outcome"] == "worker_lost"
    assert audit_of(market.as_("admin"), execution) == [
        ("execution.end", "worker_lost"),
        ("execution.start", "ok"),
    ]


def test_a_second_start_on_the_same_data_is_refused_with_the_running_ones_address(market: Market):
    import subprocess
    import sys

    command = [sys.executable, "-m", "aei_marketplace.launcher", "--port", "0"]
    done = subprocess.run(
        [*command, "--data", str(market.folder / "data")],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode != 0
    assert market.url in done.stdout + done.stderr


def _answers(caller: Caller) -> bool:
    try:
        return caller.get("/readyz")[0] == 200
    except OSError:
        return False
