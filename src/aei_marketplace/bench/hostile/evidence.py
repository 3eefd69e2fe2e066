"""All that somebody could see during the experiment, searched for what they must not see."""

from collections import Counter
from dataclasses import dataclass, field

from aei_marketplace.bench.hostile.canaries import CanaryIndex


@dataclass(frozen=True, slots=True)
class Leak:
    """Somebody's canary where it must not be.

    Attributes:
        viewer: who could see it; None for a place where nobody's may be.
    """

    canary: str
    form: str
    viewer: str | None
    place: str

    def __str__(self) -> str:
        where = f"seen by {self.viewer}" if self.viewer else "where nobody's may be"
        return f"{self.canary} ({self.form}) in {self.place}, {where}"


@dataclass
class Evidence:
    """Searches each document as it comes, and keeps what was found.

    Attributes:
        leaks: every canary that was seen where it must not be.
        searched: documents by kind of place; `searched_bytes` their size together.
    """

    index: CanaryIndex
    leaks: list[Leak] = field(default_factory=list)
    searched: Counter[str] = field(default_factory=Counter)
    searched_bytes: int = 0

    def look(self, viewer: str | None, kind: str, place: str, document: bytes | str) -> list[Leak]:
        """Search one document.

        Args:
            viewer: the tenant that can see it, whose own canaries may stand in it; None for nobody.
            kind: of place: `answer`, `problem`, `log`, `file`, …
            place: where exactly, for the report.

        Returns:
            What is in it that must not be.
        """
        content = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
        self.searched[kind] += 1
        self.searched_bytes += len(content)
        found = [
            Leak(str(sighting.canary), sighting.form, viewer, f"{kind} {place}")
            for sighting in self.index.find(content)
            if sighting.canary.tenant != viewer
        ]
        self.leaks += found
        return found
