"""The registry's rules, asked before anything leaves this machine."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from aei_inspection.manifest import read_manifest as inspect_manifest
from aei_inspection.problems import PackageRefused, Problem
from aei_protocol.manifest import MANIFEST_NAME, Manifest
from aei_sdk.errors import AeiError, Fault, ProjectRefused

if TYPE_CHECKING:
    from aei_inspection.gate import Package

T = TypeVar("T")


def read_manifest(content: bytes) -> Manifest:
    """Read `plugin.json` as the registry does.

    Raises:
        ProjectRefused: with every fault found.
    """
    return _ask(lambda: inspect_manifest(content), f"{MANIFEST_NAME} breaks the rules")


def read_package(content: bytes) -> "Package":
    """Read a package as the registry does.

    Raises:
        ProjectRefused: with every fault found.
        AeiError: the component cannot be judged here.
    """
    from aei_inspection.gate import inspect_package
    from aei_inspection.wasm_tools import InspectionUnavailable

    try:
        return _ask(lambda: inspect_package(content), "The package breaks the rules")
    except InspectionUnavailable as error:
        raise AeiError("The package cannot be judged here", str(error)) from error


def faults_of(problems: tuple[Problem, ...]) -> list[Fault]:
    """The registry's problems in the kit's words."""
    return [Fault(problem.pointer or "/", problem.message) for problem in problems]


def _ask(question: Callable[[], T], title: str) -> T:
    try:
        return question()
    except PackageRefused as refusal:
        raise ProjectRefused(
            title,
            "The registry would refuse it.",
            advice="Correct what is listed and try again.",
            faults=faults_of(refusal.problems),
        ) from None
