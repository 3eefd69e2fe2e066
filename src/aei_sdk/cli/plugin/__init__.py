"""`aei plugin`: for whoever writes plugins."""

import typer

from aei_sdk.cli.plugin import building, making, releases, testing, trying

app = typer.Typer(help="Write, build, test and publish plugins.", no_args_is_help=True)
for _commands in (making, building, testing, trying, releases):
    _commands.register(app)
