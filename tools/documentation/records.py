"""The decision records and the changelog: complete, numbered, listed."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools.documentation.pages import Fault, Page
from tools.documentation.places import headings

RECORDS = "docs/adr"
INDEX = f"{RECORDS}/README.md"
_NAME = re.compile(r"(\d{4})-[a-z0-9-]+\.md")
_SECTIONS = ("Context", "Decision", "Consequences", "What would reopen it")


def check_records(root: Path) -> Iterator[Fault]:
    """What is wrong with the decision records and their index."""
    if not (root / INDEX).is_file():
        yield Fault(INDEX, 1, "there is no index of the decision records")
        return
    index = Page(root, INDEX).text
    records = sorted((root / RECORDS).glob("[0-9]*.md"))
    for number, path in enumerate(records, 1):
        yield from _check_record(Page(root, f"{RECORDS}/{path.name}"), number, index)


def _check_record(page: Page, expected: int, index: str) -> Iterator[Fault]:
    name = Path(page.path).name
    match = _NAME.fullmatch(name)
    if match is None or int(match[1]) != expected:
        yield page.fault(1, f"its name should be {expected:04d}-title-in-small-letters.md")
    title, *sections = headings(page) or [""]
    if f"[{title}]({name})" not in index:
        yield page.fault(1, f"{INDEX} does not list it as [{title}]({name})")
    for section in _SECTIONS:
        if section not in sections:
            yield page.fault(1, f"it has no section {section!r}")


def check_changelog(root: Path) -> Iterator[Fault]:
    """Whether the changelog has a section for what is now in the tree."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    page = Page(root, "CHANGELOG.md")
    if not (root / page.path).is_file():
        yield page.fault(1, "there is no changelog")
    elif not any(heading.startswith(("[Unreleased]", f"[{version}]")) for heading in headings(page)):
        yield page.fault(1, f"it has neither a section [Unreleased] nor [{version}]")
