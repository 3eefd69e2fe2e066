"""`aei plugin`: for whoever writes plugins."""

import typer

from aei_sdk.cli.plugin import building, checking, making, releases, testing, trying
from aei_sdk.cli.plugin.advisories import app as advisory_app

app = typer.Typer(help="Write, build, test and publish plugins.", no_args_is_help=True)
for _commands in (making, building, checking, testing, trying, releases):
    _commands.register(app)
app.add_typer(advisory_app, name="advisory")
