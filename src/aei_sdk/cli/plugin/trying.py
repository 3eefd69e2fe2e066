"""`aei plugin test` and `aei plugin run`: the plugin on this machine, in the marketplace's sandbox."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.package import build_component
from aei_sdk.cli.options import AsJson, ProjectArgument, examples, read_json
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import ExitCode, Fault, ProjectRefused, UsageRefused
from aei_sdk.project import Project, read_project

if TYPE_CHECKING:
    from aei_sdk.trial import Run

_TEST = examples("aei plugin test", "aei plugin test plugins/studio.langid --json")
_RUN = examples(
    'aei plugin run --task \'{"text": "hello"}\'', "aei plugin run acme.counter --task @task.json"
)

Config = Annotated[
    str | None,
    typer.Option(metavar="JSON|@FILE", help="The configuration; config_schema's defaults otherwise."),
]
Egress = Annotated[
    list[str] | None,
    typer.Option(
        "--egress-host",
        metavar="NAME:PORT=ADDRESS:PORT",
        help="Send requests for this host to that address, for a server of your own.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("test", epilog=_TEST)(run_examples)
    app.command("run", epilog=_RUN)(run_task)


def run_examples(
    directory: ProjectArgument = Path(),
    config: Config = None,
    egress_host: Egress = None,
    as_json: AsJson = False,
) -> None:
    """Build the plugin and run the manifest's examples under its own permissions and limits.

    Ends with 1 if an example fails or its output breaks output_schema. The variable AEI_SECRET_NAME holds
    the value of the secret NAME.
    """
    with Screen(as_json) as screen:
        project, component = _built(screen, directory)
        cases = project.manifest.document.get("examples", [])
        if not cases:
            raise ProjectRefused(
                "There is nothing to test",
                "plugin.json has no examples.",
                advice='Add one: "examples": [{"title": "…", "input": {…}}]',
            )
        runs = asyncio.run(
            _run_all(
                project, component, [c["input"] for c in cases], _config(project, config), egress_host or []
            )
        )
        results = [_as_json(case["title"], run) for case, run in zip(cases, runs, strict=True)]
        passed = sum(run.passed for run in runs)
        screen.show(
            {"passed": passed, "failed": len(runs) - passed, "examples": results},
            lambda: _show_results(screen, [case["title"] for case in cases], runs),
        )
        if passed < len(runs):
            raise typer.Exit(int(ExitCode.FAILED))


def run_task(
    directory: ProjectArgument = Path(),
    task: Annotated[
        str, typer.Option(metavar="JSON|@FILE|-", help="The task; - reads standard input.")
    ] = "{}",
    config: Config = None,
    egress_host: Egress = None,
    as_json: AsJson = False,
) -> None:
    """Build the plugin and run one task on this machine."""
    with Screen(as_json) as screen:
        from aei_sdk.trial import input_faults

        value = read_json(task, "--task")
        project, component = _built(screen, directory)
        _refuse("The task breaks input_schema", input_faults(project.manifest, value))
        (done,) = asyncio.run(
            _run_all(project, component, [value], _config(project, config), egress_host or [])
        )
        screen.show(_as_json("task", done), lambda: _show_run(screen, done))
        if not done.passed:
            raise typer.Exit(int(ExitCode.FAILED))


def _built(screen: Screen, directory: Path) -> tuple[Project, bytes]:
    with screen.progress("reading the project") as show:
        project = read_project(directory)
        report = lambda step: show(None, f"{project.manifest.id}: {step}")  # noqa: E731 it closes over `show`
        return project, build_component(project, BuildCache.default(), report)


def _config(project: Project, text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    from aei_sdk.trial import config_faults

    config = read_json(text, "--config")
    if not isinstance(config, dict):
        raise UsageRefused("--config is not an object", "A configuration is a JSON object.")
    _refuse("The configuration breaks config_schema", config_faults(project.manifest, config))
    return config


async def _run_all(
    project: Project, component: bytes, tasks: list[Any], config: dict[str, Any] | None, egress: list[str]
) -> list["Run"]:
    from aei_sdk.trial import Stage

    arguments = [word for host in egress for word in ("--egress-host", host)]
    artefacts = BuildCache.default().folder / "artefacts"
    async with Stage(project.manifest, component, artefacts, arguments) as stage:
        return [await stage.run(task, config) for task in tasks]


def _refuse(title: str, faults: list[Fault]) -> None:
    if faults:
        raise ProjectRefused(title, faults=faults)


def _show_results(screen: Screen, titles: list[str], runs: list["Run"]) -> None:
    for title, done in zip(titles, runs, strict=True):
        screen.say(f"{'✓' if done.passed else '✗'} {title}", "green" if done.passed else "bold red")
        _show_run(screen, done)
    passed = sum(done.passed for done in runs)
    screen.say(f"{passed} passed, {len(runs) - passed} failed", "bold")


def _show_run(screen: Screen, done: "Run") -> None:
    for line in done.log:
        screen.note(f"{line.at_ms / 1000:8.3f} {line.level:<5} {line.message}")
    if done.output is not None:
        screen.json_block(done.output)
    for fault in done.faults:
        screen.say(f"output{fault.pointer}: {fault.message}", "red")
    if done.ended.problem:
        screen.say(done.ended.problem, "red")
    for denial in done.ended.denied:
        screen.note(f"denied: {denial.permission} {denial.target} ({denial.count}×)")
    usage = done.ended.usage
    memory = f"{usage.peak_memory_bytes / 2**20:.1f} MiB"
    screen.note(
        f"{done.ended.outcome} · {usage.cpu_ms:.1f} ms CPU · {usage.wall_ms:.1f} ms · {memory} · "
        f"{usage.host_calls} host calls"
    )


def _as_json(title: str, done: "Run") -> dict[str, Any]:
    usage, ended = done.ended.usage, done.ended
    return {
        "title": title,
        "passed": done.passed,
        "outcome": str(ended.outcome),
        "output": done.output,
        "problem": ended.problem,
        "errors": [{"pointer": fault.pointer, "message": fault.message} for fault in done.faults],
        "usage": {
            "cpu_ms": usage.cpu_ms,
            "wall_ms": usage.wall_ms,
            "peak_memory_bytes": usage.peak_memory_bytes,
            "host_calls": usage.host_calls,
            "bytes_in": usage.bytes_in,
            "bytes_out": usage.bytes_out,
        },
        "denied": [{"permission": d.permission, "target": d.target, "count": d.count} for d in ended.denied],
        "log": [{"at_ms": line.at_ms, "level": line.level, "message": line.message} for line in done.log],
    }
