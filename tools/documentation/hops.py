"""Hops such as `catalog/jobs.py:prepare_release`: does the file define that name?"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tools.documentation.pages import Fault, Page
from tools.documentation.places import find

#: More of them, and a walkthrough is no walk any more.
MOST_HOPS = 8
_HOP = re.compile(r"([\w/.-]+\.(?:py|sql)):([\w.]+)")
_HEADING = re.compile(r"#+\s+(.+)")


def check_hops(page: Page) -> Iterator[Fault]:
    """What is wrong with the hops of a page, and with walkthroughs that are too long or have none."""
    walk, began, hops = "", 0, 0
    for line in page.lines():
        if line.block is None and (heading := _HEADING.match(line.text)):
            yield from _length_problem(page, walk, began, hops)
            walk, began, hops = heading[1], line.number, 0
        for span in line.spans():
            if hop := _HOP.fullmatch(span):
                hops += 1
                if wrong := _hop_problem(page, hop[1], hop[2]):
                    yield page.fault(line.number, wrong)
    yield from _length_problem(page, walk, began, hops)


def _length_problem(page: Page, heading: str, line: int, hops: int) -> Iterator[Fault]:
    if heading.startswith("Walkthrough") and not 1 <= hops <= MOST_HOPS:
        yield page.fault(line, f"this walkthrough has {hops} hops; 1 to {MOST_HOPS} can be followed")


def _hop_problem(page: Page, path: str, name: str) -> str | None:
    files = find(page, path)
    if not files:
        return f"there is no {path}"
    if any(name in names_in(file) for file in files):
        return None
    return f"{path} defines no {name}"


def names_in(file: Path) -> set[str]:
    """What a Python or SQL file defines: `function`, `Class`, `Class.method`."""
    text = file.read_text("utf-8")
    if file.suffix == ".sql":
        return set(re.findall(r"create (?:or replace )?(?:function|procedure|table) (\w+)", text))
    return {
        name
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for name in (node.name, *_members(node))
    }


def _members(node: ast.AST) -> list[str]:
    if not isinstance(node, ast.ClassDef):
        return []
    functions = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f"{node.name}.{function.name}" for function in functions]
