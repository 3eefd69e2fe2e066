"""What a kind of case demands; the domain that brings such cases defines it."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CaseKind:
    """One kind of case.

    Attributes:
        name: stable, lower case, for example `plugin_report`.
        action: the staff action that claiming and deciding require.
        verdicts: what can be decided.
        favourable: verdicts that leave the party nothing to appeal.
        due_in: how long a case may wait, unless its domain says otherwise for this one.
        appeal_action: the tenant action that appealing requires.
        appeal_within: how long a decision can be appealed; None for no appeal at all.
        four_eyes: who opened a case, belongs to its party or decided it first does not decide it (again).
    """

    name: str
    action: str
    verdicts: frozenset[str]
    favourable: frozenset[str]
    due_in: timedelta
    appeal_action: str
    appeal_within: timedelta | None
    four_eyes: bool = False
