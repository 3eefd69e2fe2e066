"""`aei plugin test` and `aei plugin run`: local runs in the real sandbox."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aei_protocol.manifest import Manifest
from aei_sdk.builder.cache import BuildCache
from aei_sdk.errors import ProjectRefused
from aei_sdk.project import read_project
from aei_sdk.trial import Stage
from tests.sdk.conftest import CLONE, Aei
from tests.sdk.guests import component_of, write_project
from tests.sdk.javascript import needs_node

pytestmark = pytest.mark.slow

#: Answers with its task, asks for the secret KEY when told, fails when told, loops when told.
SOURCE = r"""
#include "aei.h"
bool aei_run(aei_text task, aei_writer *result) {
  aei_json root, value; aei_text what = AEI_TEXT("");
  aei_json_parse(task, &root);
  if (aei_json_member(root, AEI_TEXT("do"), &value)) aei_json_string(value, &what);
  aei_log(AEI_TEXT("info"), what);
  if (aei_same(what, AEI_TEXT("fail"))) { AEI_WRITE(result, "told to fail"); return false; }
  if (aei_same(what, AEI_TEXT("garbage"))) { AEI_WRITE(result, "{"); return true; }
  if (aei_same(what, AEI_TEXT("config"))) { aei_write(result, aei_config()); return true; }
  if (aei_same(what, AEI_TEXT("secret"))) {
    aei_write_string(result, aei_secrets_get(AEI_TEXT("KEY")).text);
    return true;
  }
  volatile int forever = aei_same(what, AEI_TEXT("loop"));
  while (forever) {}
  aei_write(result, task);
  return true;
}
"""
MANIFEST = {
    "permissions": {"secrets": {"names": ["KEY"], "reason": "why"}},
    "limits": {"cpu_ms": 300, "wall_ms": 2000, "memory_mib": 16},
    "output_schema": {"type": ["object", "string"], "required": ["do"]},
    "config_schema": {"type": "object", "properties": {"do": {"type": "string", "default": "nothing"}}},
}


def project(folder: Path, *tasks: str) -> Path:
    examples = [{"title": task, "input": {"do": task}} for task in tasks]
    write_project(folder, SOURCE, "c", **MANIFEST, examples=examples)
    return folder


def test_examples_that_pass_end_with_0(aei: Aei, tmp_path: Path) -> None:
    words = ("--config", '{"do": "nothing"}', "--json")
    result = aei("plugin", "test", project(tmp_path, "echo", "config"), *words)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["passed"], report["failed"]) == (2, 0)
    echo, config = report["cases"]
    assert echo["output"] == {"do": "echo"}
    assert echo["log"][0]["message"] == "echo"
    assert echo["usage"]["host_calls"] == 1
    assert config["output"] == {"do": "nothing"}


def test_every_way_to_fail_ends_with_1_and_is_shown(aei: Aei, tmp_path: Path) -> None:
    result = aei("plugin", "test", project(tmp_path, "echo", "fail", "garbage", "loop"))
    assert result.exit_code == 1
    for words in (
        "✓ echo",
        "✗ fail",
        "told to fail",
        "✗ garbage",
        "not JSON",
        "✗ loop",
        "1 passed, 3 failed",
    ):
        assert words in result.stdout
    assert "cpu_limit" in result.stderr


def test_an_output_that_breaks_its_schema_fails(aei: Aei, tmp_path: Path) -> None:
    examples = [{"title": "wrong", "input": {"other": 1}}]
    write_project(tmp_path, SOURCE, "c", **MANIFEST, examples=examples)
    result = aei("plugin", "test", tmp_path)
    assert result.exit_code == 1
    assert "do" in result.stdout


def test_a_project_without_examples_has_nothing_to_test(aei: Aei, tmp_path: Path) -> None:
    result = aei("plugin", "test", project(tmp_path))
    assert result.exit_code == 5
    assert "examples" in result.stderr


def test_one_task_runs_with_a_secret_from_the_environment(
    aei: Aei, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AEI_SECRET_KEY", "sesame")
    result = aei("plugin", "run", project(tmp_path), "--task", '{"do": "secret"}')
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == "sesame"


#: Writes a note when there is none, reads it, or says what the note is.
NOTES = r"""
#include "aei.h"
bool aei_run(aei_text task, aei_writer *result) {
  aei_text path = AEI_TEXT("persistent/notes/größe");
  if (!aei_files_read(path).ok) {
    aei_answer written = aei_files_write(path, task);
    if (!written.ok) { aei_write(result, written.text); return false; }
  }
  AEI_WRITE(result, "["); aei_write(result, aei_files_read(path).text);
  AEI_WRITE(result, ","); aei_write(result, aei_files_list(AEI_TEXT("persistent")).text);
  AEI_WRITE(result, ","); aei_write(result, aei_files_delete(AEI_TEXT("scratch/none")).text);
  AEI_WRITE(result, "]");
  return true;
}
"""


def test_files_are_kept_from_one_example_to_the_next_and_no_longer(aei: Aei, tmp_path: Path) -> None:
    files = {"scratch_mib": 1, "persistent_mib": 1, "reason": "keeps notes"}
    examples = [{"title": title, "input": {"note": title}} for title in ("first", "second")]
    write_project(tmp_path, NOTES, "c", permissions={"filesystem": files}, examples=examples)
    for _ in range(2):
        result = aei("plugin", "test", tmp_path, "--json")
        assert result.exit_code == 0, result.output
        for example in json.loads(result.stdout)["cases"]:
            note, listed, missing = example["output"]
            assert note == {"note": "first"}
            assert [file["path"] for file in listed] == ["persistent/notes/größe"]
            assert missing["code"] == "not_found"


def test_a_task_or_configuration_that_breaks_its_schema_is_refused(aei: Aei, tmp_path: Path) -> None:
    folder = project(tmp_path)
    result = aei("plugin", "run", folder, "--task", '{"do": "config"}', "--config", '{"do": 1}')
    assert result.exit_code == 5
    assert "/do" in result.stderr
    assert aei("plugin", "run", folder, "--config", "[]").exit_code == 2
    kept = aei("plugin", "run", folder, "--task", '{"do": "config"}', "--config", '{"do": "this"}')
    assert json.loads(kept.stdout) == {"do": "this"}


def test_a_component_that_the_sandbox_refuses_is_reported(tmp_path: Path, build_cache: BuildCache) -> None:
    made = read_project(project(tmp_path))
    component = component_of(made, build_cache)
    without = {name: value for name, value in made.manifest.document.items() if name != "permissions"}

    async def prepare() -> None:
        async with Stage(Manifest(without), component, tmp_path / "artefacts"):
            pass

    with pytest.raises(ProjectRefused) as refused:
        asyncio.run(prepare())
    assert refused.value.faults[0].pointer == "archive:/plugin.wasm"


@pytest.mark.parametrize(
    "name",
    [
        "studio.langid",
        "studio.summarise",
        "studio.linkcheck",
        "studio.secretscan",
        pytest.param("studio.csvprofile", marks=needs_node),
    ],
)
def test_the_example_plugins_pass_their_own_examples_and_the_gate(
    aei: Aei, tmp_path: Path, name: str
) -> None:
    folder = CLONE / "plugins" / name
    package = tmp_path / "x.aeiplugin"
    assert aei("plugin", "build", folder, "-o", package).exit_code == 0
    assert aei("plugin", "check", package).exit_code == 0
    result = aei("plugin", "test", folder, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["failed"] == 0


@pytest.fixture
def web_page() -> Iterator[int]:
    """A page on loopback; its port."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    class Page(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404 if self.path == "/gone" else 200)
            self.end_headers()

        do_GET = do_HEAD  # noqa: N815 the base class finds it by this name

        def log_message(self, *_words: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_link_checker_fetches_through_the_broker(aei: Aei, web_page: int) -> None:
    task = json.dumps({"urls": [f"http://links.example:8080/{page}" for page in ("fine", "gone")]})
    words = ("--egress-host", f"links.example:8080=127.0.0.1:{web_page}")
    result = aei("plugin", "run", CLONE / "plugins" / "studio.linkcheck", "--task", task, *words)
    assert result.exit_code == 0, result.output
    assert [link["state"] for link in json.loads(result.stdout)["links"]] == ["ok", "broken"]


def test_the_link_checker_is_denied_what_is_not_in_its_manifest(aei: Aei) -> None:
    task = json.dumps({"urls": ["https://elsewhere.example/", "http://127.0.0.1:8420/"]})
    result = aei("plugin", "run", CLONE / "plugins" / "studio.linkcheck", "--task", task, "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["output"]["counts"]["denied"] == 2
    assert {denial["target"].partition(":")[0] for denial in report["denied"]} == {
        "elsewhere.example",
        "127.0.0.1",
    }
