"""Disputes and evidence as rules."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from aei_marketplace.disputes.errors import (
    BankDecides,
    BuyersComplaint,
    DisputeDecided,
    DisputeUnfit,
    EvidenceTooLarge,
    EvidenceUnfit,
)
from aei_marketplace.disputes.rules.cases import (
    COMPLAINT_WITHIN,
    Dispute,
    Kind,
    Side,
    State,
    check_complaint,
    check_withdrawal,
    end,
    end_complaint,
    side_of,
)
from aei_marketplace.disputes.rules.evidence import (
    MOST_BYTES,
    MOST_PIECES,
    check_shown,
    clean_name,
    media_type_of,
)
from aei_marketplace.ground.errors import Invalid
from aei_marketplace.ground.money import AmountUnfit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OPEN = Dispute(
    id=UUID(int=1), kind=Kind.COMPLAINT, opened_by=Side.BUYER, provider=None, provider_dispute=None,
    sale_key="sale/1", invoice_id=UUID(int=2), plugin_id="acme.echo", buyer=UUID(int=3), creator=UUID(int=4),
    currency="USD", amount=1999, reason="It does nothing.", state=State.OPENED, opened_at=NOW,
    evidence_due_at=NOW + timedelta(days=7), decide_due_at=NOW + timedelta(days=14), fee=0, verdict=None,
    decided_at=None, credit_note_id=None, version=1,
)  # fmt: skip


@pytest.mark.parametrize("amount", [0, -1, 19.99, "1999", True, 10**13])
def test_what_is_no_amount_is_not_disputed(amount: object):
    with pytest.raises(AmountUnfit):
        check_complaint(amount, 1999, "USD", NOW, NOW)


def test_no_more_is_disputed_than_is_left_and_not_for_ever():
    assert check_complaint(1999, 1999, "USD", NOW - COMPLAINT_WITHIN, NOW) == 1999
    with pytest.raises(DisputeUnfit):
        check_complaint(2000, 1999, "USD", NOW, NOW)
    with pytest.raises(DisputeUnfit):
        check_complaint(1, 1999, "USD", NOW - COMPLAINT_WITHIN - timedelta(seconds=1), NOW)


@pytest.mark.parametrize("state", [State.WON, State.LOST, State.WITHDRAWN])
def test_what_has_ended_does_not_end_again(state: State):
    with pytest.raises(DisputeDecided):
        end(replace(OPEN, state=state), State.LOST)


def test_nobody_here_decides_for_the_bank():
    with pytest.raises(BankDecides):
        end_complaint(replace(OPEN, kind=Kind.CHARGEBACK), State.WON)
    assert end_complaint(OPEN, State.WON) is State.WON


def test_staff_take_back_what_they_opened_and_a_buyer_what_is_theirs():
    check_withdrawal(OPEN, Side.BUYER)
    check_withdrawal(replace(OPEN, opened_by=Side.STAFF), Side.STAFF)
    with pytest.raises(BuyersComplaint):
        check_withdrawal(replace(OPEN, opened_by=Side.BUYER), Side.STAFF)
    with pytest.raises(BankDecides):
        check_withdrawal(replace(OPEN, kind=Kind.CHARGEBACK), Side.BUYER)


def test_sides_are_told_by_the_tenant():
    assert [side_of(OPEN, tenant) for tenant in (None, UUID(int=3), UUID(int=4))] == [
        Side.STAFF,
        Side.BUYER,
        Side.CREATOR,
    ]


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("Grüße".encode(), "text/plain"),
        (b"<script>alert(1)</script>", "text/plain"),
    ],
)
def test_a_file_is_what_its_bytes_say(content: bytes, media_type: str):
    assert media_type_of(content) == media_type


@pytest.mark.parametrize("content", [b"", b"MZ\x00\x01", b"PK\x03\x04\x00", b"\xff\xfe\x41"])
def test_other_files_are_refused(content: bytes):
    with pytest.raises(EvidenceUnfit):
        media_type_of(content)


def test_a_file_of_more_than_five_mebibytes_is_refused():
    with pytest.raises(EvidenceTooLarge):
        media_type_of(b"a" * (MOST_BYTES + 1))


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\mails\\offer.pdf", "offer.pdf"),
        ('a"b\r\nX-Evil: 1.txt', "a_b__X-Evil_ 1.txt"),
        ("gpj\u202eexe.pdf", "gpjexe.pdf"),
    ],
)
def test_names_of_files_are_made_harmless(name: str, clean: str):
    assert clean_name(name) == clean


def test_evidence_is_shown_in_words_in_time_and_a_few_times():
    assert check_shown(OPEN, " See the log. ", 0, NOW) == "See the log."
    with pytest.raises(Invalid):
        check_shown(OPEN, "\u200b", 0, NOW)
    with pytest.raises(EvidenceUnfit):
        check_shown(OPEN, "Once more.", MOST_PIECES, NOW)
    for late in (replace(OPEN, state=State.WON), replace(OPEN, evidence_due_at=NOW - timedelta(seconds=1))):
        with pytest.raises(DisputeDecided):
            check_shown(late, "Late.", 0, NOW)
