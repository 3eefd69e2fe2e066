"""New projects: complete, building, passing their own examples."""

import json
from pathlib import Path

import pytest

from aei_sdk.errors import UsageRefused
from aei_sdk.project import Language, read_project
from aei_sdk.scaffold import KINDS, create_project
from tests.sdk.conftest import Aei
from tests.sdk.javascript import needs_node

PROJECTS = [(kind, language) for kind in KINDS for language in Language]


@pytest.mark.parametrize(("kind", "language"), PROJECTS)
def test_a_new_project_passes_the_registrys_manifest_rules(
    tmp_path: Path, kind: str, language: Language
) -> None:
    create_project("acme.my-plugin", language, kind, tmp_path / "p")
    project = read_project(tmp_path / "p")
    assert (project.manifest.id, project.manifest.kind, project.language) == (
        "acme.my-plugin",
        kind,
        language,
    )
    for text in [*project.documents().values(), *project.sources().values()]:
        assert b"@ID@" not in text
        assert b"@NAME@" not in text


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["agent", "model", "scanner"])
def test_a_new_c_project_builds_and_passes_its_examples(aei: Aei, tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "p"
    assert (
        aei("plugin", "new", "acme.fresh", "--lang", "c", "--kind", kind, "--directory", folder).exit_code
        == 0
    )
    result = aei("plugin", "test", folder, "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["passed"] == 1


@pytest.mark.slow
def test_a_new_python_project_builds_and_passes_its_examples(aei: Aei, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    assert aei("plugin", "new", "acme.fresh", "--lang", "python", "--directory", folder).exit_code == 0
    result = aei("plugin", "test", folder, "--json")
    assert result.exit_code == 0, result.output
    (example,) = json.loads(result.stdout)["cases"]
    assert example["output"] == {"characters": 32, "words": 7, "lines": 2}


@pytest.mark.slow
@needs_node
def test_a_new_javascript_project_builds_and_passes_its_examples(aei: Aei, tmp_path: Path) -> None:
    words = ("--lang", "javascript", "--kind", "scanner", "--directory", tmp_path / "p")
    assert aei("plugin", "new", "acme.fresh", *words).exit_code == 0
    result = aei("plugin", "test", tmp_path / "p", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["failed"] == 0


def test_a_new_javascript_project_tells_editors_the_types(tmp_path: Path) -> None:
    create_project("acme.fresh", Language.JAVASCRIPT, "tool", tmp_path / "p")
    settings = json.loads((tmp_path / "p" / "jsconfig.json").read_text())
    assert "types" in settings["include"]
    assert 'declare module "aei"' in (tmp_path / "p" / "types" / "aei.d.ts").read_text()


def test_a_folder_that_holds_something_is_left_alone(aei: Aei, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    result = aei("plugin", "new", "acme.fresh", "--lang", "c", "--directory", tmp_path)
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageRefused):
        create_project("acme.fresh", Language.C, "tool", tmp_path / "file")


@pytest.mark.parametrize("plugin_id", ["fresh", "Acme.fresh", "acme.", "acme/fresh", "../acme.fresh", ""])
def test_a_bad_id_is_refused(aei: Aei, tmp_path: Path, plugin_id: str) -> None:
    result = aei("plugin", "new", plugin_id, "--lang", "c", "--directory", tmp_path / "p")
    assert result.exit_code == 2
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("words", [("--lang", "cobol"), ("--lang", "c", "--kind", "robot")])
def test_an_unknown_language_or_kind_is_refused(aei: Aei, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert aei("plugin", "new", "acme.fresh", *words, "--directory", tmp_path / "p").exit_code == 2
    assert not (tmp_path / "p").exists()
