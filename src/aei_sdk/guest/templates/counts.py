"""Count the characters, words and lines of a text.

Imports stand at the top: the interpreter is kept as it is at build time, and nothing can be imported later.
"""

from typing import Any

import aei


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Take a task, return its result; both are what JSON can say."""
    text = task.get("text")
    if not isinstance(text, str):
        raise aei.Failed('send {"text": "…"}')
    aei.log.info(f"{len(text)} characters to count")
    aei.progress(0.5, "counting")
    return {"characters": len(text), "words": len(text.split()), "lines": len(text.splitlines())}
