"""Trying plugins out without installing them, and running executions again from their journals."""

from typing import Annotated, Any

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.executions import show_execution
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples, read_json
from aei_sdk.cli.permissions import show_permissions
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Execution
from aei_sdk.errors import ExitCode, UsageRefused

_TRY = examples(
    "aei try studio.langid",
    "aei try studio.langid --example 1",
    "aei try studio.linkcheck --task @page.json --json",
)
_JOURNAL = examples("aei journal studio.langid", "aei journal studio.langid --off --json")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("try", epilog=_TRY)(try_out)
    app.command(epilog=examples("aei replay 0193b2c4-…", "aei replay 0193b2c4-… --json"))(replay)
    app.command(epilog=_JOURNAL)(journal)


def try_out(
    plugin: PluginArgument,
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Which release; the newest when absent.")
    ] = None,
    example: Annotated[
        int | None,
        typer.Option(metavar="N", min=0, help="Which of its examples, from 0; the first if absent."),
    ] = None,
    task: Annotated[
        str | None, typer.Option(metavar="JSON|@FILE|-", help="A task of your own; - reads standard input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a plugin's example without installing it; it is granted nothing, and shows what it asks for."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        if task is not None and example is not None:
            raise UsageRefused("An example or a task", "Give --example or --task, not both.")
        body: dict[str, Any] = {"version": version, "example": example}
        body = {name: value for name, value in body.items() if value is not None}
        if task is not None:
            body["task"] = read_json(task, "--task")
        with screen.progress(f"trying {plugin_id}"):
            execution = call(lambda client: client.executions.try_out(plugin_id, body))
        screen.show(execution, lambda: _show_tryout(screen, execution))
        if execution["outcome"] != "ok":
            raise typer.Exit(int(ExitCode.FAILED))


def replay(
    execution: Annotated[str, typer.Argument(metavar="EXECUTION", help="The execution's id.")],
    as_json: AsJson = False,
) -> None:
    """Run an execution again from its journal; ends with 1 unless it is the same bit for bit.

    Journals are kept for 30 days: of try-outs always, of an installation after `aei journal`.
    """
    with Screen(as_json) as screen:
        with screen.progress(f"replaying {execution}"):
            again = call(lambda client: client.executions.replay(execution))
        screen.show(again, lambda: _show_replay(screen, again))
        if not again["replay"]["identical"]:
            raise typer.Exit(int(ExitCode.FAILED))


def journal(
    plugin: PluginArgument,
    off: Annotated[bool, typer.Option("--off", help="Keep none from now on.")] = False,
    as_json: AsJson = False,
) -> None:
    """Keep a journal of each execution of an installed plugin from now on, so that it can be replayed."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        changed = call(lambda client: client.installations.keep_journals(plugin_id, keep=not off))
        words = "keeps no journals" if off else "keeps a journal of each execution for 30 days"
        screen.show(changed, lambda: screen.say(f"{plugin_id} {words}."))


def _show_tryout(screen: Screen, execution: Execution) -> None:
    show_permissions(screen, execution["requested"])
    show_execution(screen, execution)


def _show_replay(screen: Screen, again: Execution) -> None:
    show_execution(screen, again)
    found = again["replay"]
    if found["identical"]:
        screen.say(f"The same as execution {found['of']}, bit for bit.", "bold green")
        return
    place = found["diverged"]
    screen.say(f"Not the same as execution {found['of']}.", "bold red")
    if place is not None:
        screen.say(
            f"At call {place['call']}: recorded {place['expected']}, got {place['got']}. {place['detail']}."
        )
