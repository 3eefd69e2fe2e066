"""What can be done with disputes."""

from aei_marketplace.disputes.service.ending import carry_out, decide, withdraw
from aei_marketplace.disputes.service.evidence import (
    EVIDENCE_FORM,
    LARGEST_FORM,
    Upload,
    evidence_too_large,
    read_file,
    show_evidence,
)
from aei_marketplace.disputes.service.opening import complain, currency_of, hold
from aei_marketplace.disputes.service.reading import (
    History,
    dispute_shape,
    find_dispute,
    history_of,
    list_disputes,
    read_dispute,
)
from aei_marketplace.disputes.service.reminding import remind
from aei_marketplace.disputes.service.told import take_down

__all__ = [
    "EVIDENCE_FORM",
    "LARGEST_FORM",
    "History",
    "Upload",
    "carry_out",
    "complain",
    "currency_of",
    "decide",
    "dispute_shape",
    "evidence_too_large",
    "find_dispute",
    "history_of",
    "hold",
    "list_disputes",
    "read_dispute",
    "read_file",
    "remind",
    "show_evidence",
    "take_down",
    "withdraw",
]
