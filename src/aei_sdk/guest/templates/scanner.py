"""Find the lines of a text that still hold a TODO.

Imports stand at the top: the interpreter is kept as it is at build time, and nothing can be imported later.
"""

from typing import Any

import aei


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Take a text, return findings, each with its line."""
    text = task.get("text")
    if not isinstance(text, str):
        raise aei.Failed('send {"text": "…"}')
    lines = enumerate(text.splitlines(), 1)
    findings = [
        {"line": number, "severity": "info", "message": "a TODO is left"}
        for number, line in lines
        if "TODO" in line
    ]
    aei.log.info(f"{len(findings)} findings")
    return {"findings": findings}
