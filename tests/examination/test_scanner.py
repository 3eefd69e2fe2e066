"""What `doctor` says of the scanner."""

from aei_marketplace.adapters.scanner import ScannerProcess
from aei_marketplace.examination.scanner import look_at_scanner


async def test_a_scanner_that_works_is_fine_and_one_that_is_missing_is_named() -> None:
    found = await look_at_scanner()
    assert found.fine, found.detail
    missing = await look_at_scanner(ScannerProcess(program=("/nowhere/scanner",)))
    assert not missing.fine
    assert "none is certified: missing" in missing.detail
