"""Example plugins: found in their order, built once for each content, published once for each version."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from aei_marketplace.launcher import examples as module
from aei_marketplace.launcher.console import Console
from aei_marketplace.launcher.errors import LaunchError
from aei_marketplace.launcher.examples import Example, ExamplePlugins, Publisher, content_key, find_examples
from aei_marketplace.launcher.tool import ToolFailed


def project(plugins: Path, name: str, source: str, content: str = "code") -> Path:
    folder = plugins / name
    (folder / "src").mkdir(parents=True)
    (folder / "plugin.json").write_text(json.dumps({"id": name, "version": "1.0.0"}))
    (folder / "src" / source).write_text(content)
    return folder


class Registry:
    """A registry of which only the releases' states are asked."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.asked_by: set[str | None] = set()
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                registry.asked_by.add(self.headers["Authorization"])
                state = registry.states.get(self.path)
                self.send_response(200 if state else 404)
                self.end_headers()
                self.wfile.write(json.dumps({"state": state, "reason": "too loud"}).encode())

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def publisher(self) -> Publisher:
        host, port = self.server.server_address[:2]
        return Publisher((str(host), port), f"http://{host}:{port}", "token")


@pytest.fixture
def registry() -> Iterator[Registry]:
    running = Registry()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, registry: Registry) -> list[list[str]]:
    """What the authors' command is asked; it builds a file and publishes to the registry."""
    made: list[list[str]] = []

    async def run_tool(command: list[str], environment: dict[str, str], log: Path) -> str:
        arguments = command[command.index("aei_sdk.cli") + 1 :]
        made.append(arguments)
        assert environment["AEI_TOKEN"] == "token"
        if arguments[1] == "build":
            if (Path(arguments[2]) / "src" / "broken").exists():
                raise ToolFailed("the compiler said no")
            Path(arguments[4]).write_text("package")  # noqa: ASYNC240 a few bytes in a test
        else:
            registry.states.setdefault("/api/plugins/studio.one/versions/1.0.0", "listed")
        return ""

    monkeypatch.setattr(module, "run_tool", run_tool)
    return made


@pytest.fixture
def plugins(tmp_path: Path, registry: Registry) -> ExamplePlugins:
    (tmp_path / "builds").mkdir()
    return ExamplePlugins(Console(io.StringIO()), tmp_path / "builds", tmp_path / "log", registry.publisher)


def test_what_is_ready_first_comes_first(tmp_path: Path) -> None:
    project(tmp_path, "a.python", "plugin.py")
    project(tmp_path, "m.script", "plugin.js")
    project(tmp_path, "z.native", "plugin.c")
    assert [(one.id, one.language) for one in find_examples(tmp_path)] == [
        ("z.native", "c"),
        ("m.script", "javascript"),
        ("a.python", "python"),
    ]


def test_javascript_is_left_out_with_the_reason_where_node_is_missing(
    tmp_path: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, "a.python", "plugin.py")
    project(tmp_path, "m.script", "plugin.js")
    out = io.StringIO()
    plugins = ExamplePlugins(Console(out), tmp_path, tmp_path / "log", registry.publisher)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [one.id for one in plugins.buildable(find_examples(tmp_path))] == ["a.python"]
    assert "m.script  left out" in out.getvalue()
    assert "apt install nodejs npm" in out.getvalue()
    for program in ("node", "npm"):
        (tmp_path / program).write_text("#!/bin/sh\n")
        (tmp_path / program).chmod(0o755)
    assert len(plugins.buildable(find_examples(tmp_path))) == 2


def test_a_manifest_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = project(tmp_path, "a.b", "plugin.c")
    (folder / "plugin.json").write_text("{}")
    with pytest.raises(LaunchError, match=r"a\.b/plugin\.json cannot be read"):
        find_examples(tmp_path)


async def test_an_example_is_built_and_published_once(
    tmp_path: Path, plugins: ExamplePlugins, calls: list[list[str]], registry: Registry
) -> None:
    project(tmp_path / "plugins", "studio.one", "plugin.c")
    found = find_examples(tmp_path / "plugins")
    assert await plugins.missing(found) == found
    await plugins.publish(found[0])
    assert [call[1] for call in calls] == ["build", "publish"]
    assert await plugins.missing(found) == []
    assert registry.asked_by == {"Bearer token"}


async def test_a_build_that_exists_is_not_repeated(
    tmp_path: Path, plugins: ExamplePlugins, calls: list[list[str]], registry: Registry
) -> None:
    project(tmp_path / "plugins", "studio.one", "plugin.c")
    (example,) = find_examples(tmp_path / "plugins")
    await plugins.publish(example)
    registry.states.clear()
    await plugins.publish(example)
    assert [call[1] for call in calls] == ["build", "publish", "publish"]


async def test_a_failed_build_leaves_no_package_and_says_why(
    tmp_path: Path, plugins: ExamplePlugins, calls: list[list[str]]
) -> None:
    folder = project(tmp_path / "plugins", "studio.one", "plugin.c")
    (folder / "src" / "broken").touch()
    (example,) = find_examples(tmp_path / "plugins")
    with pytest.raises(LaunchError, match="the compiler said no"):
        await plugins.publish(example)
    assert list((tmp_path / "builds").iterdir()) == []


async def test_a_release_that_is_held_is_reported_with_the_reason(
    tmp_path: Path, plugins: ExamplePlugins, calls: list[list[str]], registry: Registry
) -> None:
    project(tmp_path / "plugins", "studio.one", "plugin.c")
    registry.states["/api/plugins/studio.one/versions/1.0.0"] = "held"
    (example,) = find_examples(tmp_path / "plugins")
    with pytest.raises(LaunchError, match="is held: too loud"):
        await plugins.publish(example)


def test_the_content_key_follows_the_source_and_the_kit_that_builds_it(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    (clone / "src" / "aei_sdk").mkdir(parents=True)
    (clone / "src" / "aei_sdk" / "build.py").write_text("1")
    folder = project(tmp_path, "studio.one", "plugin.c")
    first = content_key(folder, clone)
    assert content_key(folder, clone) == first
    (folder / "src" / "plugin.c").write_text("other")
    second = content_key(folder, clone)
    (clone / "src" / "aei_sdk" / "build.py").write_text("2")
    third = content_key(folder, clone)
    assert len({first, second, third}) == 3


def test_an_example_knows_where_the_api_shows_it() -> None:
    assert Example(Path("x"), "studio.one", "1.0.0", "c").path == "/api/plugins/studio.one/versions/1.0.0"
