"""Find secrets that stand in files: tokens, keys and passwords.

Imports stand at the top: the interpreter is kept as it is at build time, and nothing can be imported later.
"""

from typing import Any

import aei
from scanning import Finding, scan

_MOST_FINDINGS = 1_000


def run(task: dict[str, Any]) -> dict[str, Any]:
    """Take `text` or `files` (each with `path` and `text`), return findings and how many of each severity."""
    files = _files(task)
    findings: list[Finding] = []
    allowed = 0
    for number, file in enumerate(files):
        found, left_alone = scan(file["path"], file["text"], aei.clock.now)
        findings += found
        allowed += left_alone
        aei.progress((number + 1) / len(files), file["path"])
    return {
        "findings": findings[:_MOST_FINDINGS],
        "counts": {
            severity: sum(finding["severity"] == severity for finding in findings)
            for severity in ("critical", "high", "medium", "low")
        },
        "files": len(files),
        "characters": sum(len(file["text"]) for file in files),
        "allowed": allowed,
        "truncated": len(findings) > _MOST_FINDINGS,
    }


def _files(task: Any) -> list[dict[str, str]]:
    match task:
        case {"files": [*files]} if all(_is_file(file) for file in files):
            return files
        case {"text": str(text)}:
            return [{"path": "text", "text": text}]
    raise aei.Failed('send {"text": "…"} or {"files": [{"path": "…", "text": "…"}]}')


def _is_file(file: Any) -> bool:
    return isinstance(file, dict) and all(isinstance(file.get(name), str) for name in ("path", "text"))
