"""Reading a project, and everything that makes it none."""

import json
from pathlib import Path

import pytest

from aei_sdk.errors import ProjectRefused
from aei_sdk.project import Language, read_project
from tests.sdk.guests import write_project


def test_the_source_file_tells_the_language(tmp_path: Path) -> None:
    assert write_project(tmp_path / "one", "", "c").language is Language.C
    assert write_project(tmp_path / "other", "", "py").language is Language.PYTHON


def test_a_folder_without_a_manifest_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(ProjectRefused) as refused:
        read_project(tmp_path)
    assert "aei plugin new" in refused.value.advice


def test_all_faults_of_a_manifest_are_reported_at_once(tmp_path: Path) -> None:
    write_project(tmp_path, "", "c")
    document = json.loads((tmp_path / "plugin.json").read_text())
    document |= {"version": "1", "kind": "robot", "surprise": 1}
    (tmp_path / "plugin.json").write_text(json.dumps(document))
    with pytest.raises(ProjectRefused) as refused:
        read_project(tmp_path)
    assert {"/version", "/kind", "/surprise"} <= {fault.pointer for fault in refused.value.faults}


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    write_project(tmp_path, "", "c")
    (tmp_path / "plugin.json").write_text("{")
    with pytest.raises(ProjectRefused):
        read_project(tmp_path)


def test_a_project_without_a_readme_or_source_is_refused(tmp_path: Path) -> None:
    write_project(tmp_path, "", "c")
    (tmp_path / "README.md").unlink()
    with pytest.raises(ProjectRefused, match=r"README\.md"):
        read_project(tmp_path)
    (tmp_path / "README.md").write_text("x")
    (tmp_path / "src" / "plugin.c").unlink()
    with pytest.raises(ProjectRefused, match="source is missing"):
        read_project(tmp_path)


def test_two_entries_are_refused(tmp_path: Path) -> None:
    write_project(tmp_path, "", "c")
    (tmp_path / "src" / "plugin.py").write_text("")
    with pytest.raises(ProjectRefused, match="not clear"):
        read_project(tmp_path)


def test_caches_and_hidden_files_are_no_sources(tmp_path: Path) -> None:
    project = write_project(tmp_path, "", "py")
    for path in ("__pycache__/plugin.pyc", ".hidden", "part/real.py"):
        (tmp_path / "src" / path).parent.mkdir(exist_ok=True)
        (tmp_path / "src" / path).write_text("x")
    assert sorted(project.sources()) == ["part/real.py", "plugin.py"]
