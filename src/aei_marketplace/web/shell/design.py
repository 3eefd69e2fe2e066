"""The style page: every component in every state, in both themes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from aei_marketplace.web.shell.addresses import Address
from aei_marketplace.web.shell.forms import Form, FormRoute, filled
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.shell.schema_forms import Field, SchemaForm

router = APIRouter(route_class=FormRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCard:
    """A card as the domains above the shell make them: a value, so that its piece of a page is made once."""

    id: str
    name: str
    href: str
    publisher: str
    verified: bool
    description: str
    kind: str
    version: str
    preview: bool
    state: str
    advisory: str | None
    certified: bool
    icon: str | None
    private: bool
    rating: float | None
    ratings: int
    installs: int
    price: str
    touches: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPage(PageContext):
    """What the components are shown with."""

    fresh: Form
    wrong: Form
    moment: datetime
    digest: str
    hostile: str
    address: Address
    cards: tuple[SampleCard, ...]
    filter: dict[str, Any]
    schema: Field
    schema_wrong: Field
    days: tuple[dict[str, object], ...]
    spread: tuple[dict[str, object], ...]
    trend: tuple[dict[str, object], ...]


_SCHEMA = {
    "type": "object",
    "required": ["text", "sentences", "strict"],
    "properties": {
        "text": {"type": "string", "maxLength": 5000, "description": "What is summarised"},
        "sentences": {"type": "integer", "minimum": 1, "maximum": 50, "default": 3},
        "strict": {"type": "boolean", "title": "Refuse what is too short"},
        "format": {"enum": ["markdown", "html", "text"], "description": "Guessed when not set"},
        "topics": {"type": "array", "items": {"enum": ["people", "places", "money"]}},
        "sources": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["address"],
                "properties": {"address": {"type": "string", "maxLength": 200}},
            },
        },
        "weights": {"type": "object", "description": "A number for each word"},
    },
}


def _schema_field(name: str, values: dict[str, str] | None = None) -> Field:
    form = SchemaForm.of(_SCHEMA, name)
    if values is None:
        return form.show()
    return form.read(Form({f"{name}/{key}": (text,) for key, text in values.items()})).field


def _day(number: int) -> dict[str, object]:
    count, failed = (number * 7) % 41, 3 if number % 6 == 0 else 0
    return {"label": f"{number + 1} Jan", "count": count, "failed": min(failed, count)}


_CARDS = (
    SampleCard(
        id="acme.links", name="Link checker", href="/design", publisher="Acme", verified=True, kind="tool",
        version="1.3.0", preview=False, state="listed", private=False,
        description="Finds links that lead nowhere, and says which page holds them",
        rating=4.6, ratings=128, installs=3118, price="Free", advisory=None, certified=True, icon=None,
        touches=("network: 2 hosts", "secrets: 1"),
    ),
    SampleCard(
        id="globex.notes", name="Notes", href="/design", publisher="Globex", verified=False, kind="agent",
        version="2.0.0-beta.1", preview=True, state="deprecated", private=True,
        description="Keeps what a meeting agreed on", rating=None, ratings=0, installs=0,
        price="USD 9.00 a month", advisory="high", certified=False, icon=None, touches=("no permissions",),
    ),
)  # fmt: skip
_SPREAD = tuple(
    {"stars": stars, "count": count, "share": count / 128, "href": "/design", "chosen": stars == 4}
    for stars, count in ((5, 84), (4, 29), (3, 9), (2, 0), (1, 6))
)
_TREND = tuple(
    {"version": version, "average": average}
    for version, average in (("1.0.0", 3.1), ("1.1.0", 3.9), ("1.2.0", 3.6), ("2.0.0", 4.6))
)
_FILTER = {
    "name": "kind",
    "label": "Kind",
    "ways": tuple(
        {"label": label, "href": "/design", "key": f"kind-{label}", "count": count, "chosen": chosen}
        for label, count, chosen in (("Tool", 42, True), ("Agent", 12, False), ("Model", 1204, False))
    ),
    "more": (),
}


@router.get("/design")
async def design(request: Request) -> Response:
    """The design system, documented by itself."""
    page = DesignPage(
        title="Design system",
        fresh=filled(email="ada@acme.example", role="Viewer"),
        wrong=Form(
            {"email": ("ada",)},
            {"email": "An address has the form name@host."},
            "The form has a problem.",
        ),
        moment=datetime(2026, 1, 5, 9, 30, tzinfo=UTC),
        digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        hostile="\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe<script>alert(1)</script>",
        address=Address("/design"),
        cards=_CARDS,
        filter=_FILTER,
        days=tuple(_day(number) for number in range(30)),
        spread=_SPREAD,
        trend=_TREND,
        schema=_schema_field("sample"),
        schema_wrong=_schema_field("amiss", {"sentences": "three", "topics": '"money"', "weights:json": "{"}),
    )
    return await render(request, "shell/design.html", page)
