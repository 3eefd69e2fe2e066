"""How bad a vulnerability is: from its CVSS vector, else from the word of whoever described it.

Scores by the specifications of CVSS 2.0 (section 3.2.1), 3.0 and 3.1 (section 7.1, appendix A), levels by
the qualitative scale of 3.1 (section 5). Vectors of CVSS 4.0 are kept and not scored: where a record has no
other and no word beside it, its severity is unknown.
"""

import math
from functools import lru_cache

from aei_inspection.checks.report import Severity

LONGEST_VECTOR = 300
_WORDS = {
    "low": Severity.LOW,
    "moderate": Severity.MEDIUM,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
    "critical": Severity.CRITICAL,
}
_WEIGHTS_3 = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
#: By whether the scope changes.
_PRIVILEGES_3 = {
    False: {"N": 0.85, "L": 0.62, "H": 0.27},
    True: {"N": 0.85, "L": 0.68, "H": 0.5},
}
_WEIGHTS_2 = {
    "AV": {"L": 0.395, "A": 0.646, "N": 1.0},
    "AC": {"H": 0.35, "M": 0.61, "L": 0.71},
    "Au": {"M": 0.45, "S": 0.56, "N": 0.704},
    "C": {"N": 0.0, "P": 0.275, "C": 0.66},
    "I": {"N": 0.0, "P": 0.275, "C": 0.66},
    "A": {"N": 0.0, "P": 0.275, "C": 0.66},
}


@lru_cache(maxsize=4_096)
def base_score(vector: str) -> float | None:
    """The base score of a vector, 0 to 10; None when it is of another version or malformed."""
    if len(vector) > LONGEST_VECTOR:
        return None
    head, _, rest = vector.partition("/")
    if head in ("CVSS:3.0", "CVSS:3.1"):
        return _score_3(_metrics(rest), head)
    return None if head.startswith("CVSS:") else _score_2(_metrics(vector.strip("()")))


def severity_of_score(score: float) -> Severity:
    """The word for a score."""
    for least, severity in ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.MEDIUM)):
        if score >= least:
            return severity
    return Severity.LOW if score > 0 else Severity.INFO


def severity_of_word(word: str) -> Severity | None:
    """What a database calls its records' severity: `MODERATE`, `high`; None for other words."""
    return _WORDS.get(word.strip().lower())


def _metrics(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (part.partition(":") for part in text.split("/"))}


def _score_3(metrics: dict[str, str], version: str) -> float | None:
    scope = metrics.get("S")
    if scope not in ("U", "C"):
        return None
    changed = scope == "C"
    weights = {name: table.get(metrics.get(name, "")) for name, table in _WEIGHTS_3.items()}
    weights["PR"] = _PRIVILEGES_3[changed].get(metrics.get("PR", ""))
    known = {name: weight for name, weight in weights.items() if weight is not None}
    if len(known) < len(weights):
        return None
    lost = 1 - (1 - known["C"]) * (1 - known["I"]) * (1 - known["A"])
    impact = 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15 if changed else 6.42 * lost
    exploitability = 8.22 * known["AV"] * known["AC"] * known["PR"] * known["UI"]
    if impact <= 0:
        return 0.0
    return _rounded_up(min((1.08 if changed else 1.0) * (impact + exploitability), 10.0), version)


def _rounded_up(score: float, version: str) -> float:
    """To one decimal; in whole numbers from 3.1 on, so that no binary fraction lifts a score."""
    if version == "CVSS:3.0":
        return math.ceil(score * 10) / 10
    whole = round(score * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


def _score_2(metrics: dict[str, str]) -> float | None:
    weights = {name: table.get(metrics.get(name, "")) for name, table in _WEIGHTS_2.items()}
    known = {name: weight for name, weight in weights.items() if weight is not None}
    if len(known) < len(weights):
        return None
    impact = 10.41 * (1 - (1 - known["C"]) * (1 - known["I"]) * (1 - known["A"]))
    exploitability = 20 * known["AV"] * known["AC"] * known["Au"]
    factor = 1.176 if impact else 0.0
    return round(((0.6 * impact) + (0.4 * exploitability) - 1.5) * factor, 1)
