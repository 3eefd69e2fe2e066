"""Markdown pages as the checks read them: prose, code spans, fenced blocks, each with its line."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: Pages of projects that `aei plugin new` will write: their paths are those of the new project.
TEMPLATES = "src/aei_sdk/guest/templates/"
_FENCE = re.compile(r"\s*(```+|~~~+)\s*(\w*)")
_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `file:line: what`."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page.

    Attributes:
        block: the language of the fenced block that it stands in, empty when none is named; None in prose.
    """

    number: int
    text: str
    block: str | None

    def spans(self) -> list[str]:
        """The code spans of a line of prose, without their backticks."""
        return [] if self.block is not None else _SPAN.findall(self.text)


@dataclass(frozen=True)
class Page:
    """A Markdown file.

    Attributes:
        path: relative to the repository, with slashes.
    """

    root: Path
    path: str

    @property
    def folder(self) -> Path:
        """Where its relative links start from."""
        return (self.root / self.path).parent

    @property
    def text(self) -> str:
        """All of it."""
        return (self.root / self.path).read_text("utf-8")

    def lines(self) -> Iterator[Line]:
        """The lines; those that open and close a fenced block are left out."""
        fence, language = "", None
        for number, text in enumerate(self.text.splitlines(), 1):
            mark = _FENCE.match(text)
            if mark and not fence:
                fence, language = mark[1], mark[2]
            elif mark and mark[1].startswith(fence) and not mark[2]:
                fence, language = "", None
            else:
                yield Line(number, text, language)

    def fault(self, line: int, message: str) -> Fault:
        """Something wrong on this page."""
        return Fault(self.path, line, message)


def repository_files(root: Path) -> list[str]:
    """Every file that is part of the repository or about to be, relative and sorted.

    Raises:
        subprocess.CalledProcessError: `root` is no git checkout.
    """
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(path for path in set(listed) - {""} if (root / path).is_file())


def pages_of(root: Path, files: list[str]) -> list[Page]:
    """The Markdown pages among them."""
    return [Page(root, path) for path in files if path.endswith(".md") and not path.startswith(TEMPLATES)]
