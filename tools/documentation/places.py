"""Relative links, their anchors, and paths in code spans: does what they name exist?"""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tools.documentation.pages import Fault, Page

_LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_PATH = re.compile(r"[\w.@*-]+(?:/[\w.@*-]+)*/?")
_HEADING = re.compile(r"#{1,6}\s+(.+?)\s*#*$")
#: A path that ends so is always one of this repository.
_SOURCES = (".py", ".sql", ".wit", ".in", ".mako")
#: Paths are written from the repository, or, where that is long-winded, from one of these.
_STARTS = ("", "src", "src/aei_marketplace", "migrations/versions")


def check_places(page: Page) -> Iterator[Fault]:
    """What is wrong with the links and paths of a page."""
    for line in page.lines():
        if line.block is not None:
            continue
        for target in _LINK.findall(re.sub(r"`[^`]*`", "", line.text)):
            if wrong := _link_problem(page, target):
                yield page.fault(line.number, wrong)
        for span in line.spans():
            if _is_path(page.root, span) and not find(page, span):
                yield page.fault(line.number, f"there is no `{span}`")


def find(page: Page, path: str) -> list[Path]:
    """The files that a path on a page may mean; `*` stands for any name."""
    starts = [page.folder, *(page.root / start for start in _STARTS)]
    return [found for start in starts for found in sorted(start.glob(path.rstrip("/")))]


def anchor(heading: str) -> str:
    """What a heading is called in a link: lower case, hyphens for spaces, no punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def headings(page: Page) -> list[str]:
    """The texts of its headings."""
    found = (_HEADING.match(line.text) for line in page.lines() if line.block is None)
    return [heading[1] for heading in found if heading]


def _is_path(root: Path, span: str) -> bool:
    if not _PATH.fullmatch(span) or ".." in span:
        return False
    if "/" not in span:
        return span.endswith(".md") and span.isascii()
    first = span.split("/")[0]
    return span.endswith(_SOURCES) or ("*" not in first and (root / first).is_dir())


def _link_problem(page: Page, target: str) -> str | None:
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return None
    place = page.folder / unquote(parts.path) if parts.path else page.root / page.path
    if not place.exists():
        return f"the link {target} leads nowhere"
    if not place.resolve().is_relative_to(page.root.resolve()):
        return f"the link {target} leads out of the repository"
    if not parts.fragment or place.suffix != ".md":
        return None
    other = Page(page.root, place.resolve().relative_to(page.root.resolve()).as_posix())
    known = {anchor(heading) for heading in headings(other)}
    return None if parts.fragment in known else f"the link {target} names a heading that is not there"
