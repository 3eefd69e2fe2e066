"""Options and arguments that several commands share, and how values are written on the command line."""

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from aei_protocol.identifiers import PluginId
from aei_sdk.errors import UsageRefused

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs, nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to every question.")]
PluginArgument = Annotated[str, typer.Argument(metavar="ID", help="The plugin, NAMESPACE.NAME.")]
ProjectArgument = Annotated[
    Path, typer.Argument(metavar="DIR", help="The plugin's project.", show_default="this folder")
]

_LIMITS = ("cpu_ms", "wall_ms", "memory_mib", "input_bytes", "output_bytes", "log_bytes", "host_calls")
_SETTING = re.compile(r"([a-z_]+)=([0-9]+)")


def examples(*commands: str) -> str:
    """The part of a command's help that shows it in use."""
    return "\n\n".join(["Examples:", *(f"  {command}" for command in commands)])


def checked_id(text: str) -> str:
    """A plugin's id.

    Raises:
        UsageRefused: it is not spelt like one.
    """
    try:
        return str(PluginId.parse(text))
    except ValueError as error:
        raise UsageRefused(
            "That is not a plugin's id", str(error), advice="Find it with: aei search WORDS"
        ) from None


def read_json(text: str, what: str) -> Any:
    """A JSON value given as text, as `@FILE`, or as `-` for standard input.

    Raises:
        UsageRefused: there is no such file, or it is not JSON.
    """
    try:
        if text == "-":
            return json.load(sys.stdin)
        return json.loads(Path(text[1:]).read_text("utf-8") if text.startswith("@") else text)
    except OSError as error:
        raise UsageRefused(f"{what} cannot be read", str(error)) from None
    except ValueError as error:
        advice = 'Write it like {"text": "hello"}, or name a file: @task.json'
        raise UsageRefused(f"{what} is not JSON", str(error), advice=advice) from None


def read_limits(settings: Sequence[str]) -> dict[str, int]:
    """Limits given as `NAME=NUMBER`.

    Raises:
        UsageRefused: a setting has another form, or no such limit exists.
    """
    matches = [_SETTING.fullmatch(setting) for setting in settings]
    for setting, match in zip(settings, matches, strict=True):
        if match is None or match[1] not in _LIMITS:
            raise UsageRefused(
                f"{setting!r} is not a limit",
                "A limit is written NAME=NUMBER.",
                advice=f"The limits are {', '.join(_LIMITS)}; for example --limit wall_ms=2000",
            )
    return {match[1]: int(match[2]) for match in matches if match}
