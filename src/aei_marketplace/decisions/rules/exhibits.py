"""What a case's domain shows to whoever decides it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A part of a case's page.

    Attributes:
        template: that includes it, for example `reports/exhibit.html`; it finds the value as `exhibit`.
    """

    template: str
    value: Any
