"""`aei plugin test`: the project's cases, offline with recorded answers of their hosts."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_protocol.limits import Limits
from aei_sdk.cli.options import AsJson, ProjectArgument, Yes, examples
from aei_sdk.cli.plugin.trying import (
    Config,
    Egress,
    artefacts_folder,
    built_component,
    read_config,
    run_document,
    show_run,
)
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import AeiError, ExitCode, UsageRefused
from aei_sdk.project import Project

if TYPE_CHECKING:
    from aei_sdk.testing.cases import Case
    from aei_sdk.testing.running import Result

_TEST = examples(
    "aei plugin test",
    "aei plugin test plugins/studio.langid --json",
    "aei plugin test --record --case weather",
)


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("test", epilog=_TEST)(run_cases)


def run_cases(
    directory: ProjectArgument = Path(),
    case: Annotated[
        str, typer.Option(metavar="WORDS", help="Only the cases whose title or name holds these words.")
    ] = "",
    record: Annotated[
        bool, typer.Option("--record", help="Ask the real hosts once, and keep their answers.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="Ask the real hosts, and keep nothing.")] = False,
    config: Config = None,
    egress_host: Egress = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Build the plugin and run its cases: the examples of plugin.json, and tests/*.json.

    Cases run offline: host calls are answered from what --record kept in tests/recorded/, and without a
    recording whatever leads off this machine is refused. A call that is not the recorded one fails the case
    and is shown. What a case may expect: aei schema test-case.

    Ends with 1 if a case fails. The variable AEI_SECRET_NAME holds the value of the secret NAME.
    """
    with Screen(as_json) as screen:
        from aei_sdk.testing.cases import read_cases
        from aei_sdk.testing.running import Bench

        _refuse_contradictions(record, live, egress_host or [])
        project, component = built_component(screen, directory)
        cases = read_cases(project, case)
        if record or live:
            _ask_permission(screen, project, len(cases), yes)
        configured = read_config(project, config)
        bench = Bench(project, component, artefacts_folder(), configured, record, live, egress_host or [])
        results = asyncio.run(bench.run(cases))
        passed = sum(result.passed for result in results)
        strays = _strays(project) if not case else []
        screen.show(
            _document(project, results, strays),
            lambda: _show(screen, project.manifest.limits, results, strays),
        )
        if passed < len(results):
            raise typer.Exit(int(ExitCode.FAILED))


def _refuse_contradictions(record: bool, live: bool, egress: list[str]) -> None:
    if record and live:
        raise UsageRefused("--record or --live", "--record asks the real hosts too, and keeps what they say.")
    if egress and not (record or live):
        raise UsageRefused(
            "--egress-host goes with --record or --live",
            "Without them the cases run offline and reach no host.",
        )


def _ask_permission(screen: Screen, project: Project, count: int, yes: bool) -> None:
    """Ask before the plugin reaches beyond this machine.

    Raises:
        AeiError: the answer was no, or there is nobody to ask.
    """
    hosts = project.manifest.capabilities.hosts
    if not hosts or yes:
        return
    what = f"{count} cases may send requests to {', '.join(hosts)}"
    if screen.confirm(f"{what}. Go on?"):
        return
    raise AeiError(
        "Nothing was asked of any host", f"{what}, and that was not allowed.", advice="Allow it with --yes."
    )


def _strays(project: Project) -> list[str]:
    from aei_sdk.testing.cases import read_cases
    from aei_sdk.testing.recordings import Recordings

    return Recordings(project).strays({case.name for case in read_cases(project)})


def _document(project: Project, results: Sequence["Result"], strays: list[str]) -> dict[str, Any]:
    limits = project.manifest.limits
    passed = sum(result.passed for result in results)
    return {
        "passed": passed,
        "failed": len(results) - passed,
        "limits": {
            "cpu_ms": limits.cpu_ms,
            "wall_ms": limits.wall_ms,
            "memory_mib": limits.memory_bytes // 2**20,
        },
        "cases": [_case_document(result) for result in results],
        "stray_recordings": strays,
    }


def _case_document(result: "Result") -> dict[str, Any]:
    case = result.case
    return run_document(case.title, result.run, result.faults) | {
        "name": case.name,
        "source": case.source,
        "passed": result.passed,
        "answers": str(result.answers),
        "refused_offline": list(result.refused),
    }


def _show(screen: Screen, limits: Limits, results: Sequence["Result"], strays: list[str]) -> None:
    for result in results:
        _show_case(screen, result.case, result)
    passed = sum(result.passed for result in results)
    screen.say(f"{passed} passed, {len(results) - passed} failed", "bold")
    screen.note(
        f"limits: {limits.cpu_ms} ms CPU · {limits.wall_ms} ms · {limits.memory_bytes // 2**20} MiB; "
        f"highest: {max(r.run.ended.usage.cpu_ms for r in results):.1f} ms CPU · "
        f"{max(r.run.ended.usage.wall_ms for r in results):.1f} ms · "
        f"{max(r.run.ended.usage.peak_memory_bytes for r in results) / 2**20:.1f} MiB"
    )
    for name in strays:
        screen.note(f"{name} in tests/recorded belongs to no case; remove it if it is not needed")


def _show_case(screen: Screen, case: "Case", result: "Result") -> None:
    mark, style = ("✓", "green") if result.passed else ("✗", "bold red")
    screen.say(f"{mark} {case.title}  ({case.source}, {result.answers})", style)
    show_run(screen, result.run)
    for fault in result.faults:
        screen.say(f"  {fault.pointer}: {fault.message}", "red")
    for refused in result.refused:
        screen.note(
            f"refused offline: {refused}; keep its answer with --record, or ask it each time with --live"
        )
