"""`aei schema`: what an editor needs to check an author's JSON files."""

import sys
from typing import Annotated

import typer

from aei_protocol.schemas import PUBLISHED, schema_text
from aei_sdk.cli.options import examples
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import UsageRefused

_SCHEMA = examples("aei schema manifest > plugin.schema.json", "aei schema test-case")


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_SCHEMA)(schema)


def schema(
    name: Annotated[str, typer.Argument(metavar="|".join(PUBLISHED), help="Which schema.")],
) -> None:
    """Print a JSON Schema: of plugin.json, of a file in tests/, or of what plugin and host say to each other.

    The marketplace serves the same at /schemas/NAME.json.
    """
    with Screen(as_json=False):
        if name not in PUBLISHED:
            raise UsageRefused(f"There is no schema {name!r}", f"The schemas are {', '.join(PUBLISHED)}.")
        sys.stdout.write(schema_text(name))
