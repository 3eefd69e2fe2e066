"""The registry's rules, asked before anything leaves this machine."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from aei_inspection.manifest import read_manifest as inspect_manifest
from aei_inspection.problems import PackageRefused, Problem
from aei_protocol.manifest import MANIFEST_NAME, Manifest, manifest_schema
from aei_sdk.errors import AeiError, Fault, ProjectRefused
from aei_sdk.places import line_of

if TYPE_CHECKING:
    from aei_inspection.checks.subject import Previous, Subject
    from aei_inspection.gate import Package

T = TypeVar("T")


def read_manifest(content: bytes) -> Manifest:
    """Read `plugin.json` as the registry does.

    Raises:
        ProjectRefused: with every fault found.
    """
    try:
        return inspect_manifest(content)
    except PackageRefused as refusal:
        raise _refused(
            f"{MANIFEST_NAME} breaks the rules", [_in_manifest(content, p) for p in refusal.problems]
        ) from None


def read_package(content: bytes) -> "Package":
    """Read a package as the registry does.

    Raises:
        ProjectRefused, AeiError: as `accepted`.
    """
    from aei_inspection.checks.subject import Subject

    return accepted(Subject(content))


def accepted(subject: "Subject") -> "Package":
    """The package under scan, as the registry's gate accepts it.

    Raises:
        ProjectRefused: it is refused, with every fault found.
        AeiError: the component cannot be judged here.
    """
    from aei_inspection.wasm_tools import InspectionUnavailable

    try:
        return _ask(lambda: subject.package, "The package breaks the rules")
    except InspectionUnavailable as error:
        raise AeiError("The package cannot be judged here", str(error)) from error


def previous_release(content: bytes) -> "Previous":
    """What a scan compares a release with.

    Raises:
        ProjectRefused: the package of the release before can't be read.
    """
    from aei_inspection.checks.subject import Subject

    return _ask(lambda: Subject(content).as_previous(), "The previous release breaks the rules")


def faults_of(problems: tuple[Problem, ...]) -> list[Fault]:
    """The registry's problems in the kit's words."""
    return [Fault(problem.pointer or "/", problem.message) for problem in problems]


def _ask(question: Callable[[], T], title: str) -> T:
    try:
        return question()
    except PackageRefused as refusal:
        raise _refused(title, faults_of(refusal.problems)) from None


def _refused(title: str, faults: list[Fault]) -> ProjectRefused:
    return ProjectRefused(
        title,
        "The registry would refuse it.",
        advice="Correct what is listed and try again.",
        faults=faults,
    )


def _in_manifest(content: bytes, problem: Problem) -> Fault:
    """A problem of the manifest with its line, and with the key that may have been meant."""
    line = line_of(content, problem.pointer)
    message = problem.message
    if problem.code in ("unknown_key", "unknown_permission") and (meant := _nearest_key(problem.pointer)):
        message = f"{message} Did you mean {meant}?"
    return Fault(problem.pointer or "/", message, f"{MANIFEST_NAME}:{line}" if line else MANIFEST_NAME)


def _nearest_key(pointer: str) -> str | None:
    """The known key that is spelt most like an unknown one, among those that can stand in its place."""
    *path, key = pointer.strip("/").split("/")
    schema = manifest_schema()
    for step in path:
        schema = schema.get("properties", {}).get(step, {})
    near = get_close_matches(key, schema.get("properties", {}), n=1, cutoff=0.7)
    return near[0] if near else None
