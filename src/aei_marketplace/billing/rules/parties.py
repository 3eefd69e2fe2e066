"""Who sells and who is billed, as they stand on an invoice."""

import re
import unicodedata
from dataclasses import dataclass

from stdnum import get_cc_module
from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from aei_marketplace.billing.errors.details import DetailsUnfit
from aei_marketplace.billing.rules.countries import COUNTRIES, UNION
from aei_marketplace.ground.errors import Fault

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_TAX_ID, LONGEST_EMAIL = 120, 500, 40, 254
_EMAIL = re.compile(
    r"[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*"
)
_PLAIN_TAX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./-]{2,38}[A-Za-z0-9]")


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody on an invoice.

    Attributes:
        address: lines of text.
        country: ISO 3166-1, two letters.
        tax_id: in its compact form; None where there is none.
        email: where invoices go.
    """

    name: str
    address: str
    country: str
    tax_id: str | None = None
    email: str | None = None


def checked_party(party: Party) -> Party:
    """The party with its texts tidied and its tax id in compact form.

    The number's form and check digits are looked at, offline; whether it was issued is not.

    Raises:
        DetailsUnfit: with every problem.
    """
    address = "\n".join(line.strip() for line in party.address.strip().splitlines())
    tidy = Party(
        party.name.strip(), address, party.country.strip().upper(), party.tax_id or None, party.email or None
    )
    faults = [*_text_faults(tidy), *_email_faults(tidy)]
    if tidy.country not in COUNTRIES:
        faults.append(Fault("/country", "two letters of ISO 3166-1, such as DE", "country_unknown"))
    elif tidy.tax_id is not None:
        try:
            tidy = Party(
                tidy.name, tidy.address, tidy.country, tax_id_of(tidy.country, tidy.tax_id), tidy.email
            )
        except ValueError as problem:
            faults.append(Fault("/tax_id", str(problem), "tax_id_unfit"))
    if faults:
        raise DetailsUnfit("The billing details have problems.", faults=faults)
    return tidy


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


def _text_faults(party: Party) -> list[Fault]:
    limits = (("name", party.name, LONGEST_NAME), ("address", party.address, LONGEST_ADDRESS))
    faults = [
        Fault(f"/{name}", f"1 to {most} characters")
        for name, text, most in limits
        if not 1 <= len(text) <= most
    ]
    if _steers(party.name) or _steers(party.address.replace("\n", "")):
        faults.append(Fault("/name", "without control characters, in name and address"))
    return faults


def _steers(text: str) -> bool:
    return any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def _email_faults(party: Party) -> list[Fault]:
    if party.email is None or (len(party.email) <= LONGEST_EMAIL and _EMAIL.fullmatch(party.email)):
        return []
    return [Fault("/email", "an address such as invoices@example.com", "email_unfit")]
