"""The registry's rules, asked before anything leaves this machine."""

from collections.abc import Callable
from typing import TypeVar

from aei_inspection.archive import Archive, read_archive
from aei_inspection.manifest import read_manifest as inspect_manifest
from aei_inspection.problems import PackageRefused, Problem
from aei_protocol.manifest import MANIFEST_NAME, Manifest
from aei_sdk.errors import Fault, ProjectRefused

T = TypeVar("T")


def read_manifest(content: bytes) -> Manifest:
    """Read `plugin.json` as the registry does.

    Raises:
        ProjectRefused: with every fault found.
    """
    return _ask(lambda: inspect_manifest(content), f"{MANIFEST_NAME} breaks the rules")


def read_package(content: bytes) -> tuple[Archive, Manifest]:
    """Read a package's archive and the manifest in it as the registry does.

    Raises:
        ProjectRefused: with every fault found.
    """
    archive = _ask(lambda: read_archive(content), "The archive breaks the rules")
    return archive, read_manifest(archive.read(MANIFEST_NAME))


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
