"""What the launcher says when all stands: where it is and what to try."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aei_marketplace.launcher.examples import Example

_SAMPLE = '{"text": "Der Himmel über dem Hafen war klar."}'


def summary(
    url: str,
    seconds: float,
    tokens: Mapping[str, str],
    examples: Sequence[Example],
    invitation: str | None = None,
) -> list[str]:
    """The lines that end a start.

    Args:
        url: where the marketplace answers.
        seconds: how long the start took.
        tokens: bearer tokens by role.
        examples: the published example plugins, the first one is suggested.
        invitation: the first operator's one-time link, while there is no operator.
    """
    lines = ["", f"Ready at {url} after {seconds:.1f} s. Ctrl-C ends everything."]
    if "admin" in tokens and examples:
        plugin, aei = examples[0].id, _command()
        lines += [
            "",
            "As the administrator of the tenant acme:",
            f"  export AEI_URL={shlex.quote(url)} AEI_TOKEN={shlex.quote(tokens['admin'])}",
            "",
            "Try next:",
            f"  {aei} search language",
            f"  {aei} install {plugin}",
            f"  {aei} run {plugin} --task {shlex.quote(_SAMPLE)}",
        ]
    if invitation is not None:
        lines += [
            "",
            "Nobody operates this marketplace yet. Open this link once to become its first operator:",
            f"  {invitation}",
        ]
    return lines


def _command() -> str:
    command = Path(sys.executable).parent / "aei"
    relative = os.path.relpath(command)
    return shlex.quote(relative if len(relative) < len(str(command)) else str(command))
