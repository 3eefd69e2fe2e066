"""`aei trust`: workflows of build services that publish without a stored token."""

from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, PluginArgument, Yes, checked_id, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import TrustedWorkflow

app = typer.Typer(help="Let workflows of build services publish your plugins.", no_args_is_help=True)

_ADD = examples(
    "aei trust add acme.counter --issuer https://token.actions.githubusercontent.com"
    " --repository acme/counter --workflow .github/workflows/release.yml",
    "aei trust add acme.counter --issuer https://gitlab.com --repository acme/counter"
    " --workflow .gitlab-ci.yml --environment release",
)


@app.command(epilog=_ADD)
def add(
    plugin: PluginArgument,
    issuer: Annotated[str, typer.Option(metavar="URL", help="Who signs the workflow's identity tokens.")],
    repository: Annotated[str, typer.Option(help="As the issuer names it, for example acme/counter.")],
    workflow: Annotated[str, typer.Option(metavar="FILE", help="The workflow's file in the repository.")],
    environment: Annotated[str | None, typer.Option(help="It must run in this one; any otherwise.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let a workflow publish a plugin. Whoever can change the workflow can publish then."""
    with Screen(as_json) as screen:
        plugin_id = checked_id(plugin)
        question = f"Let whoever can change {workflow} in {repository} publish {plugin_id}?"
        screen.require_yes(question, yes)
        trusted = call(
            lambda client: client.publisher.trust(
                plugin_id, issuer=issuer, repository=repository, workflow=workflow, environment=environment
            )
        )
        screen.show(trusted, lambda: screen.say(f"{_said(trusted)} publishes {plugin_id}."))


@app.command("list", epilog=examples("aei trust list", "aei trust list --json"))
def list_trusted(as_json: AsJson = False) -> None:
    """List the workflows that may publish your tenant's plugins."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.publisher.trusted())
        rows = [
            (t["id"], t["plugin"], t["repository"], t["workflow"], t["environment"]) for t in page["items"]
        ]
        screen.show(
            page, lambda: screen.table(("ID", "PLUGIN", "REPOSITORY", "WORKFLOW", "ENVIRONMENT"), rows)
        )


@app.command(epilog=examples("aei trust remove 0193b2c4-0000-7000-8000-000000000000"))
def remove(
    trusted_id: Annotated[str, typer.Argument(metavar="ID", help="As `aei trust list` shows it.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Let a workflow publish no longer; tokens that it holds stop working at once."""
    with Screen(as_json) as screen:
        screen.require_yes("A release that is being published right now will fail. Go on?", yes)
        call(lambda client: client.publisher.distrust(trusted_id))
        screen.show({"removed": trusted_id}, lambda: screen.say("It publishes no longer."))


def _said(trusted: TrustedWorkflow) -> str:
    where = f" in {trusted['environment']}" if trusted["environment"] else ""
    return f"{trusted['workflow']} of {trusted['repository']}{where}"
