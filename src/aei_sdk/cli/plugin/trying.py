"""`aei plugin run`: one task on this machine, in the marketplace's sandbox."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_sdk.builder.cache import BuildCache
from aei_sdk.builder.package import build_component
from aei_sdk.cli.options import AsJson, ProjectArgument, examples, read_json
from aei_sdk.cli.screen import Screen, fault_document
from aei_sdk.errors import ExitCode, Fault, ProjectRefused, UsageRefused
from aei_sdk.project import Project, read_project

if TYPE_CHECKING:
    from aei_sdk.trial import Run

_RUN = examples(
    'aei plugin run --task \'{"text": "hello"}\'', "aei plugin run acme.counter --task @task.json"
)

Config = Annotated[
    str | None,
    typer.Option(
        metavar="JSON|@FILE", help="The configuration; empty otherwise, as after an installation without one."
    ),
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
    """Add this command."""
    app.command("run", epilog=_RUN)(run_task)


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
        project, component = built_component(screen, directory)
        _refuse("The task breaks input_schema", input_faults(project.manifest, value))
        done = asyncio.run(_run(project, component, value, read_config(project, config), egress_host or []))
        screen.show(run_document("task", done, done.faults), lambda: _show(screen, done))
        if not done.passed:
            raise typer.Exit(int(ExitCode.FAILED))


def built_component(screen: Screen, directory: Path) -> tuple[Project, bytes]:
    """A project and its component, built with its progress on the screen."""
    with screen.progress("reading the project") as show:
        project = read_project(directory)
        report = lambda step: show(None, f"{project.manifest.id}: {step}")  # noqa: E731 it closes over `show`
        return project, build_component(project, BuildCache.default(), report)


def read_config(project: Project, text: str | None) -> dict[str, Any] | None:
    """The value of `--config`.

    Raises:
        UsageRefused: it is no JSON object.
        ProjectRefused: it breaks `config_schema`.
    """
    if text is None:
        return None
    from aei_sdk.trial import config_faults

    config = read_json(text, "--config")
    if not isinstance(config, dict):
        raise UsageRefused("--config is not an object", "A configuration is a JSON object.")
    _refuse("The configuration breaks config_schema", config_faults(project.manifest, config))
    return config


async def _run(
    project: Project, component: bytes, task: Any, config: dict[str, Any] | None, egress: list[str]
) -> "Run":
    from aei_sdk.trial import Stage

    arguments = [word for host in egress for word in ("--egress-host", host)]
    async with Stage(project.manifest, component, artefacts_folder(), arguments) as stage:
        return await stage.run(task, config)


def artefacts_folder() -> Path:
    """Where compiled components are kept between runs."""
    return BuildCache.default().folder / "artefacts"


def _refuse(title: str, faults: list[Fault]) -> None:
    if faults:
        raise ProjectRefused(title, faults=faults)


def _show(screen: Screen, done: "Run") -> None:
    show_run(screen, done)
    for fault in done.faults:
        screen.say(f"output{fault.pointer}: {fault.message}", "red")


def show_run(screen: Screen, done: "Run") -> None:
    """The log, output, problem, denials and usage of a run."""
    for line in done.log:
        screen.note(f"{line.at_ms / 1000:8.3f} {line.level:<5} {line.message}")
    if done.output is not None:
        screen.json_block(done.output)
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


def run_document(title: str, done: "Run", faults: Sequence[Fault]) -> dict[str, Any]:
    """A run for programs; it passed when there is no fault and its outcome is what was wanted."""
    usage, ended = done.ended.usage, done.ended
    return {
        "title": title,
        "passed": done.passed,
        "outcome": str(ended.outcome),
        "output": done.output,
        "problem": ended.problem,
        "errors": [fault_document(fault) for fault in faults],
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
