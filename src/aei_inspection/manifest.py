"""Reading `plugin.json`: strict JSON, then the closed schema, then what a schema cannot say."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs

from aei_inspection.entry_headers import MAX_MANIFEST
from aei_inspection.manifest_rules import rule_problems
from aei_inspection.problems import PackageRefused, Problem
from aei_inspection.schema_messages import MASK, explain
from aei_inspection.strict_json import read_json
from aei_protocol.manifest import Manifest, manifest_schema

MAX_MANIFEST_DEPTH = 32


def read_manifest(content: bytes) -> Manifest:
    """Read a manifest and find everything that is wrong with it.

    Args:
        content: `plugin.json`, UTF-8.

    Raises:
        PackageRefused: it is not strict JSON (then that alone is reported), or breaks the schema or
            a rule (then all such problems are, by pointer).
    """
    document = read_json(content, "", MAX_MANIFEST, MAX_MANIFEST_DEPTH)
    problems = _once(_shape_problems(document), rule_problems(document))
    if problems:
        raise PackageRefused(problems)
    return Manifest(document)


def _once(shape: list[Problem], rules: list[Problem]) -> list[Problem]:
    """Each problem once, by place; where a rule knows better than the schema, the rule's words."""
    better = {problem.pointer for problem in rules}
    general = [p for p in shape if not (p.pointer in better and p.code in _GENERAL)]
    distinct = {(p.pointer, p.code): p for p in reversed([*general, *rules])}
    return sorted(distinct.values(), key=lambda problem: problem.pointer)


def _shape_problems(document: Any) -> list[Problem]:
    schema = manifest_schema()
    found = explain(_validator().iter_errors(document), schema)
    return [_named(problem) for problem in found]


def _named(problem: Problem) -> Problem:
    """The same problem, with the contract's own code where there is one."""
    code = _CODES.get((problem.code, problem.pointer))
    if problem.code == "unknown_key" and problem.pointer.rpartition("/")[0] == "/permissions":
        code = "unknown_permission"
    return Problem(code, problem.pointer, problem.message) if code else problem


_GENERAL = frozenset({"unknown_key", "bad_form", "not_allowed"})
_CODES: Mapping[tuple[str, str], str] = {
    ("bad_form", "/version"): "bad_version",
    ("bad_form", "/id"): "bad_id",
}


@lru_cache(maxsize=1)
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        manifest_schema(), mask=MASK, pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )
