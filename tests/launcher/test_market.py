"""`./market`: installs once, goes on where it was interrupted, touches nothing foreign."""

import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

CLONE = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with small requirement files."""
    folder = tmp_path / "clone"
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(CLONE / "market", folder)
    (folder / "pyproject.toml").write_text("[project]\n")
    for name in ("runtime", "c", "python", "dev"):
        (folder / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
    return folder


@pytest.fixture
def uv(tmp_path: Path) -> Path:
    """A stand-in for uv that writes down what it is asked and makes environments as it would."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "uv"
    script.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/asked
if [ "$1" = venv ]; then
  for target; do :; done
  mkdir -p "$target/bin"; touch "$target/pyvenv.cfg"; ln -sf {sys.executable} "$target/bin/python"
fi
[ ! -e {tmp_path}/fail ]
"""
    )
    script.chmod(0o755)
    return folder


def run(
    clone: Path, uv: Path | None, *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    path = f"{uv}:/usr/bin:/bin" if uv else "/usr/bin:/bin"
    return subprocess.run(
        [sys.executable, str(clone / "market"), *arguments],
        env={"PATH": path, "AEI_VENV": str(clone / ".venv"), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def asked(clone: Path) -> list[str]:
    """What uv was asked since the last look."""
    file = clone.parent / "asked"
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


def load_market() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("market", str(CLONE / "market"))
    spec = importlib.util.spec_from_loader("market", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_first_call_makes_the_environment_and_a_second_does_nothing(clone: Path, uv: Path) -> None:
    assert run(clone, uv, "install", "c").returncode == 0
    first = asked(clone)
    assert [line.split()[0] for line in first] == ["venv", "pip", "pip", "pip"]
    assert all("--require-hashes" in line for line in first if "requirements/" in line)
    assert "--no-deps --no-build-isolation --editable" in first[-1]
    assert run(clone, uv, "install", "c").returncode == 0
    assert asked(clone) == []


def test_only_the_set_whose_requirements_changed_is_installed_again(clone: Path, uv: Path) -> None:
    run(clone, uv, "install", "c", "dev")
    asked(clone)
    (clone / "requirements" / "c.txt").write_text("c==2\n")
    run(clone, uv, "install", "c", "dev")
    (only,) = asked(clone)
    assert only.endswith("requirements/c.txt")


def test_a_clone_that_moved_is_installed_by_its_new_path(clone: Path, uv: Path) -> None:
    run(clone, uv, "install", "c")
    asked(clone)
    moved = clone.rename(clone.with_name("moved"))
    run(moved, uv, "install", "c")
    again = asked(moved)
    assert again[0].startswith("venv")
    assert again[-1].endswith(f"--editable {moved}")


def test_a_failed_installation_is_said_and_done_again_thoroughly(clone: Path, uv: Path) -> None:
    run(clone, uv, "install", "c")
    asked(clone)
    (clone / "requirements" / "c.txt").write_text("c==2\n")
    (clone.parent / "fail").touch()
    failed = run(clone, uv, "install", "c")
    assert failed.returncode != 0
    assert "Failed with exit code 1" in failed.stderr
    (clone.parent / "fail").unlink()
    asked(clone)
    assert run(clone, uv, "install", "c").returncode == 0
    (only,) = asked(clone)
    assert "--reinstall" in only


@pytest.mark.parametrize("part", ["environment", "runtime"])
def test_a_half_made_environment_is_made_anew(clone: Path, uv: Path, part: str) -> None:
    run(clone, uv, "install", "c")
    asked(clone)
    (clone / ".venv" / "half-written").write_text("rubbish")
    (clone / ".venv" / ".market" / f"{part}.begun").touch()
    assert run(clone, uv, "install", "c").returncode == 0
    assert asked(clone)[0].startswith("venv")
    assert not (clone / ".venv" / "half-written").exists()


def test_an_environment_whose_python_is_gone_is_made_anew(clone: Path, uv: Path) -> None:
    run(clone, uv, "install", "c")
    asked(clone)
    (clone / ".venv" / "bin" / "python").unlink()
    (clone / ".venv" / "bin" / "python").symlink_to("/no/such/python")
    assert run(clone, uv, "install", "c").returncode == 0
    assert asked(clone)[0].startswith("venv")


def test_an_environment_that_somebody_made_is_used_and_not_emptied(clone: Path, uv: Path) -> None:
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "pyvenv.cfg").touch()
    (clone / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (clone / ".venv" / "theirs").touch()
    assert run(clone, uv, "install", "c").returncode == 0
    assert not [line for line in asked(clone) if line.startswith("venv")]
    assert (clone / ".venv" / "theirs").exists()


def test_a_folder_with_other_things_in_it_is_never_emptied(clone: Path, uv: Path) -> None:
    documents = clone.parent / "documents"
    documents.mkdir()
    (documents / "letter").touch()
    refused = run(clone, uv, "install", "c", AEI_VENV=str(documents))
    assert refused.returncode != 0
    assert "holds other things" in refused.stderr
    assert [path.name for path in documents.iterdir()] == ["letter"]


def test_two_at_once_install_once(clone: Path, uv: Path) -> None:
    environment = {"PATH": f"{uv}:/usr/bin:/bin", "AEI_VENV": str(clone / ".venv")}
    both = [
        subprocess.Popen([sys.executable, str(clone / "market"), "install", "c"], env=environment)
        for _ in range(2)
    ]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    assert [line.split()[0] for line in asked(clone)] == ["venv", "pip", "pip", "pip"]


def test_without_uv_and_ensurepip_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    market = load_market()
    monkeypatch.setattr(market.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        SystemExit, match=rf"apt install python3\.{sys.version_info.minor}-venv\nOr install uv"
    ):
        market._require_ensurepip()


def test_an_older_python_is_told_so_before_anything_else(clone: Path) -> None:
    text = (clone / "market").read_text().replace("sys.version_info < (3, 11)", "sys.version_info < (99,)")
    (clone / "market").write_text(text)
    refused = run(clone, None, "up")
    assert refused.returncode != 0
    assert "Python 3.11 or newer is needed" in refused.stderr


def test_another_platform_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    market = load_market()
    monkeypatch.setattr(market.platform, "system", lambda: "Darwin")
    with pytest.raises(SystemExit, match="Linux container"):
        market._require_platform()


@pytest.mark.parametrize("arguments", [["fly"], ["install"], ["install", "rust"]])
def test_an_unknown_word_is_refused_with_what_is_known(clone: Path, uv: Path, arguments: list[str]) -> None:
    refused = run(clone, uv, *arguments)
    assert refused.returncode == 2
    assert "market help" in refused.stderr or "runtime, c, python, stripe, dev" in refused.stderr
    assert asked(clone) == []


def test_arguments_pass_through_and_the_process_stays_the_same(clone: Path, uv: Path) -> None:
    launcher = clone / "aei_marketplace" / "launcher.py"
    launcher.parent.mkdir()
    (launcher.parent / "__init__.py").touch()
    launcher.write_text("import os, sys; print(os.getpid(), *sys.argv[1:])")
    process = subprocess.Popen(
        [sys.executable, str(clone / "market"), "up", "--port", "0", "--data", "x y"],
        env={"PATH": f"{uv}:/usr/bin:/bin", "AEI_VENV": str(clone / ".venv"), "PYTHONPATH": str(clone)},
        stdout=subprocess.PIPE,
        text=True,
    )
    output, _ = process.communicate(timeout=120)
    assert output.splitlines()[-1] == f"{process.pid} --port 0 --data x y"


def test_every_requirement_is_pinned_with_hashes_and_names_no_host() -> None:
    for file in (CLONE / "requirements").glob("*.txt"):
        lines = [line for line in file.read_text().splitlines() if line and not line.lstrip().startswith("#")]
        requirements = [line for line in lines if not line.startswith(" ")]
        assert requirements, file
        assert all("==" in line and line.endswith("\\") for line in requirements), file
        assert "://" not in "".join(lines), file
    assert os.access(CLONE / "market", os.X_OK)
