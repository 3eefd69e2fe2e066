"""All rules over a text: findings with their place, and evidence that does not give the secret away."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any

from checks import jwt_expiry
from rules import RULES, Rule

#: A line that holds this is left alone; it is counted.
ALLOWED = "secretscan:allow"

Finding = dict[str, Any]


def scan(path: str, text: str, now: Callable[[], float]) -> tuple[list[Finding], int]:
    """Look through one text.

    Args:
        path: what it is called.
        now: seconds since 1970; asked only where a token says when it ends.

    Returns:
        Findings in the order of their places, and how many were on lines that allow them.
    """
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    taken: list[tuple[int, int]] = []
    findings, allowed = [], 0
    for rule, start, end in _matches(text):
        if any(start < other_end and other_start < end for other_start, other_end in taken):
            continue
        taken.append((start, end))
        line = bisect_right(starts, start)
        whole_line = text[starts[line - 1] : starts[line] if line < len(starts) else len(text)]
        if ALLOWED in whole_line:
            allowed += 1
            continue
        place = {"path": path, "line": line, "column": start - starts[line - 1] + 1}
        findings.append(_finding(rule, text[start:end], now) | place)
    return sorted(findings, key=lambda finding: (finding["line"], finding["column"])), allowed


def _matches(text: str) -> Iterator[tuple[Rule, int, int]]:
    low = text.lower()
    for rule in RULES:
        if rule.hint in low:
            for found in rule.pattern.finditer(text):
                if rule.genuine(found[1]):
                    yield rule, found.start(1), found.end(1)


def _finding(rule: Rule, secret: str, now: Callable[[], float]) -> Finding:
    severity, message = rule.severity, rule.title
    if rule.id == "jwt" and (expiry := jwt_expiry(secret)) is not None and expiry < now():
        severity, message = "low", f"{message}, expired"
    return {
        "rule": rule.id,
        "severity": severity,
        "message": message,
        "evidence": masked(secret),
        "advice": rule.advice,
    }


def masked(secret: str) -> str:
    """The beginning of a secret, at most a fifth and at most four characters of it, and its length.

    Of a private key the first line is shown, which is the same for all.
    """
    if secret.startswith("-----BEGIN"):
        return f"{secret.splitlines()[0]} … ({len(secret)} characters)"
    return f"{secret[: min(4, len(secret) // 5)]}… ({len(secret)} characters)"
