"""What creators declare, and which form is for whom."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from aei_marketplace.ground.countries import COUNTRIES
from aei_marketplace.ground.errors import Fault, Invalid
from aei_marketplace.ground.tax_ids import personal_tax_id_of, tax_id_of
from aei_marketplace.ground.typed import clean_typed
from aei_marketplace.tax_profiles.errors import ProfileUnfit

LONGEST_NAME, LONGEST_ADDRESS = 120, 500
#: So many of its last characters tell one tax id from another, and no more than half of a short one.
_SHOWN = 3


class Kind(StrEnum):
    """What a creator is."""

    PERSON = "person"
    COMPANY = "company"


class Form(StrEnum):
    """Which form was filled in."""

    W9 = "w9"
    W8BEN = "w8ben"
    W8BENE = "w8bene"
    SELF_DECLARATION = "self_declaration"


@dataclass(frozen=True, slots=True)
class FormTerms:
    """Who may use a form and how long it holds.

    Attributes:
        title: what people call it.
        kinds: who may use it.
        american: whether it is for residents of the United States.
        years: it ends with the year that is so many after it was signed; None: it does not end of itself.
        withholding_bps: what is proposed to whoever reviews it, in basis points.
    """

    title: str
    kinds: frozenset[Kind]
    american: bool
    years: int | None
    withholding_bps: int


#: Source: instructions of the Internal Revenue Service for Forms W-9 and W-8 (validity of three calendar
#: years; 30 % without a treaty). A self-declaration is for operators elsewhere.
FORMS = {
    Form.W9: FormTerms("Form W-9", frozenset(Kind), american=True, years=None, withholding_bps=0),
    Form.W8BEN: FormTerms("Form W-8BEN", frozenset({Kind.PERSON}), False, 3, 3000),
    Form.W8BENE: FormTerms("Form W-8BEN-E", frozenset({Kind.COMPANY}), False, 3, 3000),
    Form.SELF_DECLARATION: FormTerms("Self-declaration", frozenset(Kind), False, None, 0),
}


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a creator declares.

    Attributes:
        residence: country of tax residence, ISO 3166-1 alpha-2.
        tax_id: as it was typed; in compact form once it is checked.
    """

    form: Form
    kind: Kind
    residence: str
    name: str
    address: str
    tax_id: str


def check_declaration(declared: Declaration) -> Declaration:
    """What was declared, tidied.

    Raises:
        ProfileUnfit: with every problem.
    """
    tidy = replace(declared, residence=declared.residence.strip().upper())
    faults = list(_form_faults(tidy))
    try:
        tidy = replace(tidy, name=clean_typed(tidy.name, LONGEST_NAME, "/name"))
    except Invalid as refusal:
        faults += refusal.faults
    try:
        tidy = replace(tidy, address=clean_typed(tidy.address, LONGEST_ADDRESS, "/address"))
    except Invalid as refusal:
        faults += refusal.faults
    if tidy.residence in COUNTRIES:
        try:
            tidy = replace(tidy, tax_id=_compact(tidy))
        except ValueError as problem:
            faults.append(Fault("/tax_id", str(problem), "tax_id_unfit"))
    if faults:
        raise ProfileUnfit("The tax profile cannot be taken as it is.", faults=faults)
    return tidy


def expiry_of(form: Form, signed_on: date) -> date | None:
    """The last day on which a form holds; None when it does not end of itself."""
    years = FORMS[form].years
    return None if years is None else date(signed_on.year + years, 12, 31)


def end_of(tax_id: str) -> str:
    """What of a tax id may be shown."""
    return tax_id[len(tax_id) - min(_SHOWN, len(tax_id) // 2) :]


def _form_faults(declared: Declaration) -> Iterator[Fault]:
    terms = FORMS[declared.form]
    if declared.residence not in COUNTRIES:
        yield Fault("/residence", "two letters of ISO 3166-1, such as DE", "country_unknown")
    elif (declared.residence == "US") != terms.american:
        whom = "residents of the United States" if terms.american else "residents of other countries"
        yield Fault("/form", f"{terms.title} is for {whom}", "form_unfit")
    if declared.kind not in terms.kinds:
        yield Fault("/form", f"{terms.title} is not for a {declared.kind}", "form_unfit")


def _compact(declared: Declaration) -> str:
    read = personal_tax_id_of if declared.kind is Kind.PERSON else tax_id_of
    return read(declared.residence, declared.tax_id)
