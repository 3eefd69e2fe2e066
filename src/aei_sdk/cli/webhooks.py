"""`aei webhook`: where the marketplace sends your tenant's notices."""

from typing import Annotated

import typer

from aei_sdk.cli.calling import call
from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.client.values import NewWebhook, Webhook, WebhookTrial
from aei_sdk.errors import ExitCode

app = typer.Typer(help="Have your tenant's notices sent to a service of yours.", no_args_is_help=True)

WebhookId = Annotated[str, typer.Argument(metavar="ID", help="As `aei webhook list` shows it.")]


@app.command("list", epilog=examples("aei webhook list", "aei webhook list --json"))
def list_webhooks(as_json: AsJson = False) -> None:
    """Show the webhooks, and why one was switched off."""
    with Screen(as_json) as screen:
        page = call(lambda client: client.webhooks.list(limit=200))
        rows = [
            (w["id"], w["name"], w["url"], ", ".join(w["kinds"]) or "all", _state(w)) for w in page["items"]
        ]
        screen.show(page, lambda: screen.table(("ID", "NAME", "URL", "NOTICES", "STATE"), rows))


@app.command(
    epilog=examples(
        "aei webhook create ops https://hooks.acme.example/aei",
        "aei webhook create yanks https://hooks.acme.example/aei --kind release.yanked",
    )
)
def create(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where notices are sent; https.")],
    kind: Annotated[
        list[str] | None, typer.Option(help="Only notices of this kind; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a webhook and show its secret, once."""
    with Screen(as_json) as screen:
        webhook = call(lambda client: client.webhooks.create(name, url, kind or []))
        screen.show(webhook, lambda: _show_new(screen, webhook))


@app.command("test", epilog=examples("aei webhook test 01a2…"))
def try_webhook(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Have a signed test be sent now; exit status 1 when it was not taken."""
    with Screen(as_json) as screen:
        trial = call(lambda client: client.webhooks.test(webhook_id))
        screen.show(trial, lambda: screen.say(_told(trial)))
    if not trial["ok"]:
        raise typer.Exit(int(ExitCode.FAILED))


@app.command(epilog=examples("aei webhook delete 01a2…"))
def delete(webhook_id: WebhookId, as_json: AsJson = False) -> None:
    """Delete a webhook: what waits for it is not sent any more."""
    with Screen(as_json) as screen:
        call(lambda client: client.webhooks.delete(webhook_id))
        screen.show({"deleted": webhook_id}, lambda: screen.say(f"{webhook_id} is deleted."))


def _state(webhook: Webhook) -> str:
    if webhook["enabled"]:
        return "failing" if webhook["failing_since"] else "on"
    return f"off: {webhook['disabled_reason']}" if webhook["disabled_reason"] else "off"


def _show_new(screen: Screen, webhook: NewWebhook) -> None:
    screen.say(f"{webhook['id']}  {webhook['url']}")
    screen.say(f"Secret, shown this once: {webhook['secret']}")
    screen.note(f"See that it arrives: aei webhook test {webhook['id']}")


def _told(trial: WebhookTrial) -> str:
    answered = f"answered {trial['status']} after {trial['duration_ms']} ms"
    return f"Taken: {answered}." if trial["ok"] else f"Not taken: {trial['problem'] or answered}."
