"""Entries as lines for other programs: JSON, CSV. Nothing in them opens a door or runs as a formula."""

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

import msgspec

#: The columns of CSV, in order. `context` and `personal` are JSON in their cells.
COLUMNS = (
    "sequence",
    "id",
    "at",
    "actor",
    "actor_kind",
    "tenant",
    "action",
    "resource_type",
    "resource_id",
    "outcome",
    "reason",
    "context",
    "personal",
    "trace_id",
)
SCRUBBED = "[removed]"

# Entries hold no secrets; what people type into a reason may. These are the shapes that are known.
_SECRETS = re.compile(
    r"""
    -----BEGIN\ [A-Z0-9 ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z0-9 ]*PRIVATE\ KEY-----|\Z)
  | \baei_[A-Za-z0-9_-]{20,}                       # tokens of this marketplace
  | \b(?:gh[pousr]|github_pat|glpat|xox[abprs]|sk|pk|rk)[_-][A-Za-z0-9_-]{16,}
  | \bAKIA[0-9A-Z]{16}\b
  | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
  | PRIVATE\+KEY\+\S+
  | (?<=://)[^\s/:@]*:[^\s/@]+(?=@)                # name and password in an address
  | (?i:\bbearer)\s+[A-Za-z0-9._~+/-]{8,}=*
  | (?i:\b(?:password|passwd|secret|token|api[_-]?key))\s*[=:]\s*[^\s,;"'}]+
    """,
    re.VERBOSE | re.DOTALL,
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_encode = msgspec.json.Encoder().encode


def public(
    document: Mapping[str, Any], sequence: int | None, personal: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """An entry's public shape.

    Args:
        document: the entry's own JSON.
        personal: what its commitments open to, for readers within; None for those without.
    """
    return {
        "id": document["id"],
        "sequence": sequence,
        "at": document["at"],
        "actor": document["actor"]["id"],
        "actor_kind": document["actor"]["kind"],
        "tenant": document["tenant"],
        "action": document["action"],
        "resource_type": document["resource"]["type"],
        "resource_id": document["resource"]["id"],
        "outcome": document["outcome"],
        "reason": document["reason"] or (personal or {}).get("reason"),
        "context": document["context"],
        "personal": dict(personal or {}),
        "commitments": document["personal"],
        "trace_id": document["trace_id"],
    }


def json_line(shape: Mapping[str, Any]) -> bytes:
    """One line of JSON without its end, scrubbed."""
    return _encode(scrub(shape))


def csv_head() -> bytes:
    """The first line of CSV (RFC 4180)."""
    return _csv(COLUMNS)


def csv_line(shape: Mapping[str, Any]) -> bytes:
    """One line of CSV (RFC 4180), scrubbed; no cell is taken for a formula by a spreadsheet."""
    scrubbed = scrub(shape)
    return _csv([_cell(scrubbed[name]) for name in COLUMNS])


def scrub(value: Any) -> Any:
    """The same value with every text freed of what looks like a secret."""
    if isinstance(value, str):
        return _SECRETS.sub(SCRUBBED, value)
    if isinstance(value, Mapping):
        return {name: scrub(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [scrub(item) for item in value]
    return value


def _cell(value: Any) -> str:
    if isinstance(value, dict | list):
        text = _encode(value).decode() if value else ""
    else:
        text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(cells: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()
