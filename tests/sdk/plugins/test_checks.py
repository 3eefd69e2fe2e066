"""The examples pass the checks of a certification, built and supplied with their source as authors do it."""

import io
import zipfile
from pathlib import Path

import pytest

from aei_inspection.checks.check import find_checks, run_checks
from aei_inspection.checks.report import Report, Result
from aei_inspection.checks.subject import Subject
from aei_inspection.extract.script_lines import kit_javascript
from aei_scanner.scanning import scan
from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.package import build_package
from aei_sdk.project import read_project
from tests.sdk.conftest import CLONE
from tools.kit_lines import kit_lines


def scanned(plugin: str, cache: BuildCache, folder: Path) -> tuple[Report, bytes]:
    output = folder / "built.aeiplugin"
    project = read_project(CLONE / "plugins" / plugin)
    build_package(project, cache, lambda _step: None, output=output, with_source=True)
    content = output.read_bytes()
    return scan(Subject(content), lambda _: None), content


#: What has nothing to look at in a first release, and in sources and builds that are not of Python.
FIRST = {"changes"}
JAVASCRIPT = {"changes", "source-analysis"}
C = {"changes", "source-match", "source-analysis"}


@pytest.mark.parametrize(
    ("plugin", "not_run"),
    [("studio.langid", C), ("studio.csvprofile", JAVASCRIPT), ("studio.linkcheck", FIRST)],
)
def test_an_example_passes_every_check_that_has_something_to_look_at(
    plugin: str, not_run: set[str], build_cache: BuildCache, tmp_path: Path
) -> None:
    report, content = scanned(plugin, build_cache, tmp_path)
    others = {check.id: check for check in report.checks if check.result is not Result.PASS}
    assert set(others) == not_run, others
    assert {check.result for check in others.values()} == {Result.NOT_RUN}
    if plugin == "studio.csvprofile":
        assert _altered(content).check("source-match").result is Result.FAIL
    if plugin == "studio.linkcheck":
        functions = {f"{function.module.path}.{function.name}" for function in Subject(content).functions}
        assert {"checking._ask", "links.find_links", "plugin.run"} <= functions
        assert _altered(content).check("source-match").result is Result.FAIL


def test_the_lines_of_the_kit_are_written_down_as_they_are() -> None:
    assert kit_javascript() == kit_lines(), "write them anew: .venv/bin/python -m tools.kit_lines"


def _altered(package: bytes) -> Report:
    """The report about the same build beside a source that lacks one of its functions."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if name.startswith("source/"):
                text = text.replace(b" _ask(", b" _other(").replace(b"fields", b"others")
            target.writestr(zipfile.ZipInfo(name), text)
    checks = [check for check in find_checks() if check.id == "source-match"]
    return run_checks(Subject(written.getvalue()), checks, lambda _: None)
