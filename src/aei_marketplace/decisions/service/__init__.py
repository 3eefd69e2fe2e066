"""What can be done with cases."""

from aei_marketplace.decisions.rules.cases import Case, CaseState, Ruling, Shown, Subject
from aei_marketplace.decisions.rules.kinds import CaseKind
from aei_marketplace.decisions.service.desks import Desk, by_kind, kinds_of
from aei_marketplace.decisions.service.reading import (
    History,
    Tally,
    find_case,
    find_cases,
    find_history,
    list_own,
    list_queue,
)
from aei_marketplace.decisions.service.steps import (
    Brought,
    check_decision,
    claim,
    let_go,
    open_case,
    record_appeal,
    record_decision,
    withdraw,
)

__all__ = [
    "Brought",
    "Case",
    "CaseKind",
    "CaseState",
    "Desk",
    "History",
    "Ruling",
    "Shown",
    "Subject",
    "Tally",
    "by_kind",
    "check_decision",
    "claim",
    "find_case",
    "find_cases",
    "find_history",
    "kinds_of",
    "let_go",
    "list_own",
    "list_queue",
    "open_case",
    "record_appeal",
    "record_decision",
    "withdraw",
]
