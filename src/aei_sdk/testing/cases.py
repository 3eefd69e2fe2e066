"""What is to be tested: each example of the manifest, and each file `tests/*.json`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aei_inspection.problems import PackageRefused, Problem
from aei_inspection.schemas import CompiledSchema, check, compile_schema
from aei_inspection.strict_json import read_json
from aei_protocol.manifest import MANIFEST_NAME
from aei_protocol.schemas import schema_text
from aei_sdk.errors import Fault, ProjectRefused
from aei_sdk.places import line_of
from aei_sdk.project import Project, read_inside

TESTS_FOLDER = "tests"
MOST_CASES = 1_000
LARGEST_CASE = 1024 * 1024
_DEEPEST_CASE = 64


@dataclass(frozen=True)
class Case:
    """One thing to test.

    Attributes:
        name: what its recording is called: `example-…`, or the file's name without its suffix.
        source: where it stands, relative to the project.
        config: the configuration; None when the case states none.
        expect: as in `test-case.schema.json`.
    """

    name: str
    title: str
    source: str
    task: Any
    config: Mapping[str, Any] | None = None
    expect: Mapping[str, Any] = field(default_factory=dict)


def read_cases(project: Project, only: str = "") -> list[Case]:
    """The project's cases, the manifest's examples first.

    Args:
        only: a part of the title or name of those that are wanted.

    Raises:
        ProjectRefused: a file is no test case, or there is nothing to test.
    """
    cases = [*_examples(project), *_files(project)]
    if not cases:
        raise ProjectRefused(
            "There is nothing to test",
            f"{MANIFEST_NAME} has no examples, and {TESTS_FOLDER}/ has no file that ends with .json.",
            advice='Add an example: "examples": [{"title": "…", "input": {…}}]',
        )
    chosen = [case for case in cases if only.lower() in f"{case.name} {case.title}".lower()]
    if not chosen:
        raise ProjectRefused(
            f"No test case is called {only!r}",
            advice="The cases are: " + ", ".join(case.name for case in cases[:20]),
        )
    return chosen


def _examples(project: Project) -> list[Case]:
    examples = project.manifest.document.get("examples", [])
    names = _distinct([f"example-{_slug(example['title'])}" for example in examples])
    return [
        Case(name, example["title"], MANIFEST_NAME, example["input"])
        for name, example in zip(names, examples, strict=True)
    ]


def _files(project: Project) -> list[Case]:
    paths = sorted((project.directory / TESTS_FOLDER).glob("*.json"))
    if len(paths) > MOST_CASES:
        raise ProjectRefused(
            f"{TESTS_FOLDER}/ has {len(paths):,} cases", f"At most {MOST_CASES:,} are run at once."
        )
    schema = _case_schema()
    return [_read(project.directory, path, schema) for path in paths]


def _read(directory: Path, path: Path, schema: CompiledSchema) -> Case:
    place = f"{TESTS_FOLDER}/{path.name}"
    content = read_inside(directory, path, LARGEST_CASE)
    try:
        document = read_json(content, "", LARGEST_CASE, _DEEPEST_CASE)
        problems = check(schema, document) or _expectation_problems(document)
    except PackageRefused as refusal:
        problems = list(refusal.problems)
    if problems:
        raise ProjectRefused(
            f"{place} is no test case",
            advice="Correct what is listed; `aei schema test-case` prints what a case may say.",
            faults=[_fault(place, content, problem) for problem in problems],
        )
    return Case(
        path.stem,
        document.get("title", path.stem),
        place,
        document["input"],
        document.get("config"),
        document.get("expect", {}),
    )


def _expectation_problems(document: Mapping[str, Any]) -> list[Problem]:
    schema = document.get("expect", {}).get("output_schema")
    try:
        if schema is not None:
            compile_schema(schema, ("expect", "output_schema"))
    except PackageRefused as refusal:
        return list(refusal.problems)
    return []


def _fault(place: str, content: bytes, problem: Problem) -> Fault:
    line = line_of(content, problem.pointer)
    return Fault(problem.pointer or "/", problem.message, f"{place}:{line}" if line else place)


def _case_schema() -> CompiledSchema:
    return compile_schema(json.loads(schema_text("test-case")))


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "untitled"


def _distinct(names: list[str]) -> list[str]:
    """Names as they are, numbered from the second of equal ones on."""
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return numbered
