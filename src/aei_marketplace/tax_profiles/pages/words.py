"""What the states and forms of tax profiles are called on pages."""

from dataclasses import dataclass

from aei_marketplace.tax_profiles.rules.declarations import FORMS, Kind
from aei_marketplace.tax_profiles.rules.profiles import State

OWN, TAX = "/publisher/tax", "/admin/tax"


@dataclass(frozen=True, slots=True)
class StateWords:
    """A state, as a badge and a sentence."""

    word: str
    meaning: str
    says: str


STATES = {
    State.SUBMITTED: StateWords("Waits for review", "warn", "Payouts wait until staff have reviewed it."),
    State.REVIEWED: StateWords("Reviewed", "good", "Payouts can be made."),
    State.REFUSED: StateWords("Refused", "danger", "Correct what is named and send it again."),
    State.SUPERSEDED: StateWords("Superseded", "", "A newer one counts."),
}
FORM_TITLES = {form: terms.title for form, terms in FORMS.items()}
FORM_CHOICES = (
    ("self_declaration", "Self-declaration (residents of other countries)"),
    ("w9", "Form W-9 (residents of the United States)"),
    ("w8ben", "Form W-8BEN (persons elsewhere)"),
    ("w8bene", "Form W-8BEN-E (companies elsewhere)"),
)
KIND_CHOICES = ((Kind.PERSON, "A person"), (Kind.COMPANY, "A company"))
