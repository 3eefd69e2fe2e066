"""How vulnerabilities are shown to people: each once, with where the package was found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from aei_inspection.checks.report import Severity
from aei_marketplace.certification.rules.advisories import Vulnerability

_FOUND = {"embedded": "found inside", "sbom": "named by the SBOM", "source": "named by the source"}
#: What is counted, in the order in which it is told.
_ORDER = (*reversed([str(severity) for severity in Severity]), "not rated", "perhaps", "informational")


@dataclass(frozen=True, slots=True)
class Shown:
    """One advisory about one version of a package.

    Attributes:
        word: what its badge says.
        found: where the package was found, in words.
    """

    vulnerability: Vulnerability
    word: str
    found: tuple[str, ...]


def shown_once(vulnerabilities: Iterable[Vulnerability]) -> tuple[Shown, ...]:
    """Each advisory about each version once, in the order given."""
    together: dict[tuple[str, str, str, str], list[Vulnerability]] = {}
    for each in vulnerabilities:
        key = (each.advisory_id, each.ecosystem, each.name, each.version)
        together.setdefault(key, []).append(each)
    return tuple(
        Shown(found[0], _word(found[0]), tuple(sorted(_FOUND[each.origin] for each in found)))
        for found in together.values()
    )


def counted(shown: Iterable[Shown]) -> tuple[tuple[str, int], ...]:
    """How many of each word, the worst first."""
    counts = Counter(_sort(each) for each in shown)
    return tuple((word, counts[word]) for word in _ORDER if counts[word])


def _word(each: Vulnerability) -> str:
    return each.informational or str(each.severity or "not rated")


def _sort(each: Shown) -> str:
    if each.vulnerability.informational:
        return "informational"
    return each.word if each.vulnerability.certain else "perhaps"
