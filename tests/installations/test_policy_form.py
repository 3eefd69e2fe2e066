"""The form of the policies: what it shows, and which change it asks for, without a database."""

from typing import Any

import pytest

from aei_marketplace.installations.pages.policies import AFFECTED, filled_with, wanted_change
from aei_marketplace.installations.rules.policies import changed_policies, shown_policies
from aei_marketplace.web.shell.forms import Form
from aei_protocol.limits import OPERATOR_ALLOWANCE, OPERATOR_CAP


def shown(policies: dict[str, Any]) -> dict[str, Any]:
    return shown_policies(policies, OPERATOR_CAP, OPERATOR_ALLOWANCE)


def typed(form: Form, **values: str) -> Form:
    return Form({**form.values, **{name: (value,) for name, value in values.items()}})


@pytest.mark.parametrize(
    "policies",
    [{}, {"affected_releases": "refuse", "updates": "security"}, {"minimum_release_age_hours": 0}],
)
def test_sending_the_form_unchanged_changes_nothing(policies: dict[str, Any]) -> None:
    assert wanted_change(filled_with(shown(policies)), shown(policies)) == {}


@pytest.mark.parametrize("before", [value for value, _ in AFFECTED])
@pytest.mark.parametrize("after", [value for value, _ in AFFECTED])
def test_every_choice_about_affected_releases_is_kept_and_taken_back(before: str, after: str) -> None:
    policies = {"affected_releases": before} if before else {}
    form = typed(filled_with(shown(policies)), affected_releases=after)
    changed = changed_policies(policies, wanted_change(form, shown(policies)))
    assert changed.get("affected_releases", "") == after
