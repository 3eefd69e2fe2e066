"""What comes first among listings that no database holds."""

from aei_marketplace.catalog.rules.loading import read_listings
from aei_marketplace.catalog.service.trial_index import trial_index

ROWS = [
    "name\trank\tsummary",
    "pytesseract\t3000\tWraps an OCR engine",
    "ocr-queen\t\tOCR ocr OCR",
    *(f"other{n}\t{n}\tSays {n} of something else" for n in range(1, 400)),
]


def test_what_everybody_uses_comes_before_a_name_that_only_repeats_the_word() -> None:
    with trial_index(sorted(read_listings(ROWS, 1000), key=lambda listing: -listing.installs)) as find:
        assert find("ocr", 10) == ["catalogue.pytesseract", "catalogue.ocr-queen"]
        assert find("OCR queen", 1) == ["catalogue.ocr-queen"]
        assert len(find("something else", 10)) == 10
