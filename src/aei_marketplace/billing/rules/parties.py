"""Who sells and who is billed, as they stand on an invoice."""

import re
from dataclasses import dataclass

from aei_marketplace.billing.errors.details import DetailsUnfit
from aei_marketplace.ground.countries import COUNTRIES
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.tax_ids import tax_id_of
from aei_marketplace.ground.typed import clean_typed

LONGEST_NAME, LONGEST_ADDRESS, LONGEST_EMAIL = 120, 500, 254
_EMAIL = re.compile(
    r"[^@\s<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*"
)


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
    faults: list[Fault] = []
    country = party.country.strip().upper()
    tidy = Party(
        _words(party.name, LONGEST_NAME, "/name", faults).replace("\n", " "),
        _words(party.address, LONGEST_ADDRESS, "/address", faults),
        country,
        _tax_id(country, party.tax_id, faults),
        _email(party.email, faults),
    )
    if country not in COUNTRIES:
        faults.append(Fault("/country", "two letters of ISO 3166-1, such as DE", "country_unknown"))
    if faults:
        raise DetailsUnfit("The billing details have problems.", faults=faults)
    return tidy


def _words(text: str, longest: int, pointer: str, faults: list[Fault]) -> str:
    try:
        clean = clean_typed(text, longest, pointer)
    except Invalid as problem:
        faults.extend(problem.faults)
        return ""
    return "\n".join(line.strip() for line in clean.replace("\t", " ").splitlines() if line.strip())


def _tax_id(country: str, written: str | None, faults: list[Fault]) -> str | None:
    if not written or not written.strip() or country not in COUNTRIES:
        return None
    try:
        return tax_id_of(country, written)
    except ValueError as problem:
        faults.append(Fault("/tax_id", str(problem), "tax_id_unfit"))
        return None


def _email(written: str | None, faults: list[Fault]) -> str | None:
    address = (written or "").strip()
    if address and not (len(address) <= LONGEST_EMAIL and _EMAIL.fullmatch(address)):
        faults.append(Fault("/email", "an address such as invoices@example.com", "email_unfit"))
    return address or None
