"""Tax ids: their form and check digits, offline. Whether one was issued is not looked at."""

import re
from typing import Any

from stdnum import get_cc_module
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from aei_marketplace.ground.countries import UNION

LONGEST_TAX_ID = 40
#: Where a person's tax id is another number than a company's: the modules of python-stdnum that read it.
_PERSONAL = {
    "AT": "tin", "AU": "tfn", "BE": "nn", "BR": "cpf", "CA": "sin", "CH": "ssn", "DE": "idnr", "DK": "cpr",
    "ES": "nif", "FI": "hetu", "FR": "nif", "GB": "utr", "IN": "pan", "IT": "codicefiscale", "NL": "bsn",
    "NO": "fodselsnummer", "PL": "pesel", "SE": "personnummer",
}  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{2,38}[A-Za-z0-9]")


def tax_id_of(country: str, written: str) -> str:
    """A business's tax id in compact form; within the European Union with its prefix.

    Raises:
        ValueError: it is none of that country; the text says why.
    """
    if country in UNION:
        return _validated(vat, country, _prefixed(country, written))
    return _read(_module(country, "vat") or _module(country, "tin"), country, written)


def personal_tax_id_of(country: str, written: str) -> str:
    """A person's tax id in compact form; where persons have that of businesses, such a one.

    Raises:
        ValueError: it is none of that country; the text says why.
    """
    if country in _PERSONAL:
        return _read(_module(country, _PERSONAL[country]), country, written)
    # Some member states number persons otherwise, and python-stdnum does not know how.
    return _read(None if country in UNION else _module(country, "tin"), country, written)


def prefix_of(country: str) -> str:
    """What VAT numbers of a member state begin with: its code, but for Greece."""
    return "EL" if country == "GR" else country


def _module(country: str, name: str) -> Any:
    """The module of python-stdnum for a sort of number; None where there is none."""
    return get_cc_module(country.lower(), name)


def _read(module: Any, country: str, written: str) -> str:
    if module is not None:
        return _validated(module, country, written)
    if not _PLAIN.fullmatch(written.strip()):
        raise ValueError("4 to 40 letters, digits, spaces, dots, slashes and hyphens")
    return written.strip().upper()


def _validated(module: Any, country: str, written: str) -> str:
    if len(written) > LONGEST_TAX_ID:
        raise ValueError(f"at most {LONGEST_TAX_ID} characters")
    try:
        compact: str = module.validate(written)
    except ValidationError as problem:
        raise ValueError(f"not a tax id of {country}: {problem}") from problem
    return compact


def _prefixed(country: str, written: str) -> str:
    """With the country's prefix: a number of another member state is none of this party's."""
    compact = re.sub(r"[\s./-]", "", written).upper()
    prefix = prefix_of(country)
    return compact if compact.startswith(prefix) else prefix + compact
