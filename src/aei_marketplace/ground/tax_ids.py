"""Tax ids: their form and check digits, offline. Whether one was issued is not looked at."""

import re

from stdnum import get_cc_module
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from aei_marketplace.ground.countries import UNION

LONGEST_TAX_ID = 40
_PLAIN_TAX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{2,38}[A-Za-z0-9]")


def tax_id_of(country: str, written: str) -> str:
    """A tax id in compact form; within the European Union with its prefix.

    Raises:
        ValueError: it is none of that country; the text says why.
    """
    if len(written) > LONGEST_TAX_ID:
        raise ValueError(f"at most {LONGEST_TAX_ID} characters")
    module = vat if country in UNION else get_cc_module(country.lower(), "vat")
    if module is None:
        if not _PLAIN_TAX_ID.fullmatch(written.strip()):
            raise ValueError("letters, digits, spaces, dots, slashes and hyphens alone")
        return written.strip().upper()
    try:
        compact: str = module.validate(_prefixed(country, written) if country in UNION else written)
    except ValidationError as problem:
        raise ValueError(f"not a tax id of {country}: {problem}") from problem
    return compact


def prefix_of(country: str) -> str:
    """What VAT numbers of a member state begin with: its code, but for Greece."""
    return "EL" if country == "GR" else country


def _prefixed(country: str, written: str) -> str:
    """With the country's prefix: a number of another member state is none of this party's."""
    compact = re.sub(r"[\s./-]", "", written).upper()
    prefix = prefix_of(country)
    return compact if compact.startswith(prefix) else prefix + compact
