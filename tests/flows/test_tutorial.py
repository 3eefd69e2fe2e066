"""The tutorial as a reader follows it: files are written, commands are run, what is shown is compared."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.conftest import Market
from tests.sdk.javascript import needs_node

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`([\w.-]+/[\w./-]+)`:\s*$")


@dataclass(frozen=True)
class Step:
    """One fenced block of the page.

    Attributes:
        kind: `sh` is run, `text` is what the commands before it show, anything else is a file.
        path: the file that the words before the block name, relative to the reader's folder.
    """

    kind: str
    content: str
    path: str = ""


def steps(page: str) -> list[Step]:
    """The page's blocks in their order."""
    found = []
    for block in _BLOCK.finditer(page):
        named = _NAMED.search(page[: block.start()])
        found.append(Step(block[1], block[2], named[1] if named else ""))
    return found


class Reader:
    """Somebody with a shell in an empty folder; the folder that a command changes to stays."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder, self._here, self._environment = folder, folder, environment

    def write(self, step: Step) -> None:
        path = self._folder / step.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.content, "utf-8")

    def run(self, step: Step) -> str:
        """Run a block's commands; any that fails fails the test. Gives what they showed."""
        script = f"set -eu\n{step.content}\npwd > {self._folder}/.here\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._here,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, f"{step.content}\n{done.stdout}\n{done.stderr}"
        self._here = Path((self._folder / ".here").read_text().strip())
        return done.stdout


def test_every_block_of_the_page_is_a_command_an_output_or_a_named_file() -> None:
    found = steps(PAGE.read_text("utf-8"))
    assert {"sh", "text", "json", "js"} == {step.kind for step in found}
    assert all(step.path for step in found if step.kind not in ("sh", "text"))


@pytest.mark.slow
@needs_node
def test_the_tutorial_works_as_written(market: Market, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AEI_URL": market.url,
        "AEI_TOKEN": market.known["tokens"]["admin"],
    }
    reader, shown = Reader(tmp_path, environment), ""
    for step in steps(PAGE.read_text("utf-8")):
        match step.kind:
            case "sh":
                shown = reader.run(step)
            case "text":
                missing = [line for line in step.content.splitlines() if line.strip() not in shown]
                assert missing == [], shown
            case _:
                reader.write(step)
