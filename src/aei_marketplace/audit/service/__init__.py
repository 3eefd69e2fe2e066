"""What can be done with the log."""

from aei_marketplace.audit.service.checkpoints import Signer
from aei_marketplace.audit.service.erasing import erase_person
from aei_marketplace.audit.service.exporting import begin_export, exported
from aei_marketplace.audit.service.proofs import (
    Growth,
    Inclusion,
    SignedHead,
    newest_head,
    prove_entry,
    prove_growth,
)
from aei_marketplace.audit.service.searching import Found, find_entry, search
from aei_marketplace.audit.service.sequencing import BATCH, sequence_pending
from aei_marketplace.audit.store.searching import Wanted

__all__ = [
    "BATCH",
    "Found",
    "Growth",
    "Inclusion",
    "SignedHead",
    "Signer",
    "Wanted",
    "begin_export",
    "erase_person",
    "exported",
    "find_entry",
    "newest_head",
    "prove_entry",
    "prove_growth",
    "search",
    "sequence_pending",
]
