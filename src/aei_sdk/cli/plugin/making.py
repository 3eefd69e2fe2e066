"""`aei plugin new`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from aei_sdk.cli.options import AsJson, examples
from aei_sdk.cli.screen import Screen
from aei_sdk.errors import UsageRefused
from aei_sdk.project import Language
from aei_sdk.scaffold import KINDS, create_project

_NEW = examples(
    "aei plugin new acme.counter --lang python",
    "aei plugin new acme.table --lang javascript --kind tool",
    "aei plugin new acme.todo-finder --lang c --kind scanner --directory todo",
)


class LanguageName(StrEnum):
    """What a person calls a language."""

    PYTHON = "python"
    JAVASCRIPT = "javascript"
    C = "c"


_LANGUAGES = {
    LanguageName.PYTHON: Language.PYTHON,
    LanguageName.JAVASCRIPT: Language.JAVASCRIPT,
    LanguageName.C: Language.C,
}


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command(epilog=_NEW)(new)


def new(
    plugin: Annotated[str, typer.Argument(metavar="NAMESPACE.NAME", help="The new plugin's id.")],
    lang: Annotated[LanguageName, typer.Option(help="What it is written in.")],
    kind: Annotated[str, typer.Option(help="agent, model, tool or scanner.")] = "agent",
    directory: Annotated[
        Path | None, typer.Option(help="Where; a folder with the plugin's id otherwise.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a complete project that builds and passes its examples."""
    with Screen(as_json) as screen:
        if kind not in KINDS:
            raise UsageRefused(f"{kind!r} is not a kind of plugin", f"The kinds are {', '.join(KINDS)}.")
        folder = directory or Path(plugin)
        made = create_project(plugin, _LANGUAGES[lang], kind, folder)
        screen.show(
            {"directory": str(folder), "files": [str(path) for path in made]}, lambda: _show(screen, folder)
        )


def _show(screen: Screen, folder: Path) -> None:
    screen.say(f"Made {folder}. Next:")
    screen.say(f"  cd {folder} && aei plugin test", "cyan")
