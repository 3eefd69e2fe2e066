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
    assert write_project(tmp_path / "third", "", "js").language is Language.JAVASCRIPT


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


@pytest.mark.parametrize("place", ["src/data.txt", "LICENSE", "plugin.json"])
def test_a_link_out_of_the_project_is_refused_and_read_by_nobody(tmp_path: Path, place: str) -> None:
    project = write_project(tmp_path / "p", "", "c")
    secret = tmp_path / "secret"
    secret.write_bytes(project.manifest_bytes)
    (tmp_path / "p" / place).unlink(missing_ok=True)
    (tmp_path / "p" / place).symlink_to(secret)
    with pytest.raises(ProjectRefused, match="leads out") as refused:
        again = read_project(tmp_path / "p")
        (again.sources(), again.documents())
    assert refused.value.faults[0].pointer == place


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", "", "c")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("x")
    (tmp_path / "p" / "src" / "linked").symlink_to(tmp_path / "elsewhere")
    assert sorted(project.sources()) == ["plugin.c"]


def test_a_link_inside_the_project_is_followed(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", "code", "c")
    (tmp_path / "p" / "src" / "same.c").symlink_to("plugin.c")
    assert project.sources()["same.c"] == b"code"


def test_a_giant_source_is_refused_before_it_is_read(tmp_path: Path) -> None:
    project = write_project(tmp_path, "", "c")
    with (tmp_path / "src" / "data.bin").open("wb") as file:
        file.truncate(2**40)  # sparse: it takes no room
    with pytest.raises(ProjectRefused, match="too large") as refused:
        project.sources()
    assert refused.value.faults[0].pointer == "src/data.bin"


def test_too_many_sources_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aei_sdk.project.MOST_FILES", 3)
    project = write_project(tmp_path, "", "c")
    for number in range(3):
        (tmp_path / "src" / f"{number}.c").touch()
    with pytest.raises(ProjectRefused, match="too large"):
        project.sources()


def test_each_fault_of_a_manifest_has_its_line_and_an_unknown_key_the_one_that_was_meant(
    tmp_path: Path,
) -> None:
    write_project(tmp_path, "", "c")
    document = json.loads((tmp_path / "plugin.json").read_text())
    document |= {"categorys": ["data"], "version": "one", "permissions": {"netwrok": {"reason": "why"}}}
    text = json.dumps(document, indent=1)
    (tmp_path / "plugin.json").write_text(text)
    with pytest.raises(ProjectRefused) as refused:
        read_project(tmp_path)
    found = {fault.pointer: fault for fault in refused.value.faults}
    lines = {
        name: 1 + text[: text.index(f'"{name}"')].count("\n") for name in ("categorys", "version", "netwrok")
    }
    assert found["/categorys"].place == f"plugin.json:{lines['categorys']}"
    assert found["/version"].place == f"plugin.json:{lines['version']}"
    assert found["/permissions/netwrok"].place == f"plugin.json:{lines['netwrok']}"
    assert "Did you mean categories?" in found["/categorys"].message
    assert "Did you mean network?" in found["/permissions/netwrok"].message
