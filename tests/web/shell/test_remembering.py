"""Pieces of pages that are made once."""

from dataclasses import replace

from aei_marketplace.catalog.rules.states import ReleaseState
from aei_marketplace.storefront.rules.cards import Card
from aei_marketplace.web.shell.rendering import environment, remembered

PAGE = """
{%- from "shell/components/plugins.html" import plugin_card -%}
{% call plugin_card(card) %}<b>{{ own }}</b>{% endcall %}
"""
CARD = Card(
    id="acme.echo", name="<script>Echo</script>", publisher="Acme", verified=True, description="Again",
    kind="tool", version="1.0.0", preview=False, state=ReleaseState.LISTED, advisory=None, certified=False,
    icon=None, private=False, rating=None, ratings=0, installs=3, price="Free", touches=("no permissions",),
)  # fmt: skip


def shown(card: Card, own: str) -> str:
    return environment().from_string(PAGE).render(card=card, own=own)


def test_a_card_is_made_once_and_its_action_for_each_reader() -> None:
    first, made = shown(CARD, "yours"), remembered.cache_info().misses
    second = shown(replace(CARD), "theirs")
    assert remembered.cache_info().misses == made
    assert second == first.replace("yours", "theirs")
    assert "<b>yours</b>" in first


def test_what_is_remembered_was_escaped() -> None:
    for _ in range(2):
        page = shown(CARD, "<i>own</i>")
        assert "&lt;script&gt;Echo" in page
        assert "<script>" not in page
        assert "<i>" not in page


def test_a_card_that_differs_anywhere_is_another() -> None:
    other = replace(CARD, installs=1_200_000, state=ReleaseState.DEPRECATED)
    assert "1.2M" in shown(other, "")
    assert "Deprecated" in shown(other, "")
    assert "Deprecated" not in shown(CARD, "")
