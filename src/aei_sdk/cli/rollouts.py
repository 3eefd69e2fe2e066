"""`aei rollout`: how far a release reaches those who take releases without naming them."""

from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import Rollout
from aei_sdk.errors import UsageRefused

#: The percentages that `advance` goes through.
STEPS = (1, 5, 10, 25, 50, 100)

app = typer.Typer(
    help="Roll releases out in stages. Installing by hand is not held back, and nobody goes back a version.",
    no_args_is_help=True,
)

Version = Annotated[str, typer.Argument(metavar="VERSION", help="The release.")]
AnyVersion = Annotated[
    str | None,
    typer.Argument(metavar="VERSION", help="The release; without it, what new releases begin with."),
]


@app.command(epilog=examples("aei rollout show acme.counter 1.2.0", "aei rollout show acme.counter"))
def show(plugin: PluginArgument, version: AnyVersion = None, as_json: AsJson = False) -> None:
    """Show how far a release is rolled out, or with how many percent new releases begin."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        if version is None:
            percent = call(lambda client: client.rollouts.start(plugin_id))
            _show_start(screen, plugin_id, percent)
            return
        rollout = call(lambda client: client.rollouts.find(plugin_id, version))
        _show(screen, plugin_id, version, rollout)


@app.command(
    "set",
    epilog=examples(
        "aei rollout set acme.counter 1.2.0 --percent 20",
        "aei rollout set acme.counter 1.2.0 --security",
        "aei rollout set acme.counter --percent 5",
    ),
)
def set_rollout(
    plugin: PluginArgument,
    version: AnyVersion = None,
    percent: Annotated[int | None, typer.Option(min=0, max=100, help="Of the installations.")] = None,
    security: Annotated[
        bool | None, typer.Option("--security/--no-security", help="Whether it mends a weakness.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide how far a release is rolled out; without VERSION, what new releases begin with."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        if version is None:
            if percent is None or security is not None:
                raise UsageRefused("What new releases begin with is a percentage", advice="Add --percent N")
            begun = call(lambda client: client.rollouts.change_start(plugin_id, percent))
            _show_start(screen, plugin_id, begun)
            return
        if percent is None and security is None:
            raise UsageRefused("Nothing was named", advice="Add --percent N, --security or --no-security")
        rollout = call(
            lambda client: client.rollouts.change(plugin_id, version, percent=percent, security=security)
        )
        _show(screen, plugin_id, version, rollout)


@app.command(epilog=examples("aei rollout advance acme.counter 1.2.0"))
def advance(plugin: PluginArgument, version: Version, as_json: AsJson = False) -> None:
    """Roll a release out one step further: 1, 5, 10, 25, 50, 100 percent."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        present = call(lambda client: client.rollouts.find(plugin_id, version))["percent"]
        further = next((step for step in STEPS if step > present), None)
        if further is None:
            raise UsageRefused(f"{plugin_id} {version} is rolled out to all already")
        rollout = call(lambda client: client.rollouts.change(plugin_id, version, percent=further))
        _show(screen, plugin_id, version, rollout)


@app.command(epilog=examples("aei rollout halt acme.counter 1.2.0"))
def halt(plugin: PluginArgument, version: Version, as_json: AsJson = False) -> None:
    """Roll a release out to nobody further. Who has it keeps it: to take it back, yank it."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        rollout = call(lambda client: client.rollouts.change(plugin_id, version, percent=0))
        _show(screen, plugin_id, version, rollout)


def _show(screen: Screen, plugin_id: str, version: str, rollout: Rollout) -> None:
    mends = " It is a security release." if rollout["security"] else ""
    reaches = f"{plugin_id} {version} is rolled out to {rollout['percent']} %.{mends}"
    screen.show(rollout, lambda: screen.say(reaches))


def _show_start(screen: Screen, plugin_id: str, percent: int) -> None:
    begin = f"New releases of {plugin_id} begin with {percent} %."
    screen.show({"start_percent": percent}, lambda: screen.say(begin))
