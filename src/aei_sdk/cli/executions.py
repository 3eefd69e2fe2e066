"""Running installed plugins and reading what they logged."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples, read_json, read_limits
from aei_sdk.cli.screen import Screen, ShowProgress
from aei_sdk.client.values import Execution, LogEntry
from aei_sdk.errors import ExitCode

if TYPE_CHECKING:
    from aei_sdk.client import Client
    from aei_sdk.client.events import Event

_RUN = examples(
    'aei run studio.langid --task \'{"text": "Guten Morgen"}\'',
    "aei run studio.summarise --task @article.json --async",
    'echo \'{"text": "…"}\' | aei run studio.summarise --task - --limit wall_ms=2000 --json',
)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(epilog=_RUN)(run)
    app.command(epilog=examples("aei logs 0193b2c4-…", "aei logs 0193b2c4-… --json"))(logs)


def run(
    plugin: PluginArgument,
    task: Annotated[
        str, typer.Option(metavar="JSON|@FILE|-", help="The task; - reads standard input.")
    ] = "{}",
    background: Annotated[bool, typer.Option("--async", help="Start it and follow it live.")] = False,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="A lower limit, for example wall_ms=2000.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run one task and print its output; ends with 1 unless the outcome is ok."""
    with Screen(as_json) as screen:
        plugin_id, value = checked_id(plugin), read_json(task, "--task")
        limits = read_limits(limit or ())
        with screen.progress(f"running {plugin_id}") as show:
            execution = call(
                lambda client: (
                    _follow(screen, show, client, plugin_id, value, limits)
                    if background
                    else client.executions.run(plugin_id, value, limits=limits)
                )
            )
        screen.show(execution, lambda: show_execution(screen, execution))
        if execution["outcome"] != "ok":
            raise typer.Exit(int(ExitCode.FAILED))


def logs(
    execution: Annotated[str, typer.Argument(metavar="EXECUTION", help="The execution's id.")],
    as_json: AsJson = False,
) -> None:
    """Print what an execution logged."""
    with Screen(as_json) as screen:
        log = call(lambda client: client.executions.log(execution))
        screen.show(log, lambda: _show_log(screen, log["items"], log["truncated"]))


async def _follow(
    screen: Screen, show: ShowProgress, client: "Client", plugin_id: str, task: Any, limits: dict[str, int]
) -> Execution:
    started = await client.executions.start(plugin_id, task, limits=limits)
    screen.note(f"execution {started['id']}")
    last: Execution = started
    async for event in client.executions.follow(started["id"]):
        if event.name == "end":
            last = event.data
        else:
            _show_event(screen, show, event)
    return last


def _show_event(screen: Screen, show: ShowProgress, event: "Event") -> None:
    if event.name == "progress":
        show(event.data["fraction"], event.data["message"])
    elif event.name == "log":
        screen.note(log_line(event.data))


def show_execution(screen: Screen, execution: Execution) -> None:
    """The output, or what went wrong, and what it used."""
    if execution["outcome"] == "ok":
        screen.json_block(execution["output"])
    else:
        screen.say(f"The outcome is {execution['outcome']}.", "bold red")
        if execution["problem"]:
            screen.say(describe_problem(execution["problem"]))
    for denial in (execution["permissions"] or {}).get("denied", ()):
        screen.note(f"denied: {_describe_denial(denial)}")
    usage = execution["usage"] or {}
    figures = [
        f"{usage[k]:,.0f} {unit}" for k, unit in (("cpu_ms", "ms CPU"), ("wall_ms", "ms")) if k in usage
    ]
    screen.note(" · ".join([str(execution["outcome"]), *figures, f"logs: aei logs {execution['id']}"]))


def describe_problem(problem: Any) -> str:
    """A problem document, or plain words, as one text."""
    if isinstance(problem, dict):
        return str(problem.get("detail") or problem.get("title") or problem)
    return str(problem)


def log_line(entry: LogEntry) -> str:
    """One log entry as a line."""
    return f"{entry['at_ms'] / 1000:8.3f} {entry['level']:<5} {entry['message']}"


def _describe_denial(denial: Any) -> str:
    if isinstance(denial, dict):
        return f"{denial.get('permission')} {denial.get('target')} ({denial.get('count', 1)}×)"
    return str(denial)


def _show_log(screen: Screen, entries: list[LogEntry], truncated: bool) -> None:
    for entry in entries:
        screen.say(log_line(entry))
    if not entries:
        screen.note("It logged nothing.")
    if truncated:
        screen.note("The log is cut: the plugin wrote more than its limit.")
