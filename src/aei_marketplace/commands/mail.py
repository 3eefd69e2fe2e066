"""`aei-marketplace mail`: does the marketplace's mail arrive."""

import typer

from aei_marketplace.commands.shell import Data, read_settings, run
from aei_marketplace.wiring import open_mail

app = typer.Typer(help="Mail.", no_args_is_help=True)


@app.command("test", epilog="Example: aei-marketplace mail test you@example.org")
def send_test_mail(address: str, data: Data = None) -> None:
    """Send one mail as notices are sent, and say how it went."""
    settings = read_settings(data=data)
    text = "This marketplace can send mail: this one was asked for with `aei-marketplace mail test`."
    run(open_mail(settings).send(address, "A test of the marketplace's mail", text))
    where = settings.smtp_server or f"written into {settings.mail}, for no mail server is named"
    typer.echo(f"Handed over: {where}.")
