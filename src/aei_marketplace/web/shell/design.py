"""The style page: every component in every state, in both themes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from aei_marketplace.web.shell.addresses import Address
from aei_marketplace.web.shell.forms import Form, FormRoute, filled
from aei_marketplace.web.shell.rendering import PageContext, render
from aei_marketplace.web.shell.schema_forms import Field, SchemaForm

router = APIRouter(route_class=FormRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignPage(PageContext):
    """What the components are shown with."""

    fresh: Form
    wrong: Form
    moment: datetime
    digest: str
    hostile: str
    address: Address
    schema: Field
    schema_wrong: Field
    days: tuple[dict[str, object], ...]


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
    return {"day": f"2026-01-{number + 1:02}", "count": count, "failed": min(failed, count)}


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
        days=tuple(_day(number) for number in range(30)),
        schema=_schema_field("sample"),
        schema_wrong=_schema_field("amiss", {"sentences": "three", "topics": '"money"', "weights:json": "{"}),
    )
    return await render(request, "shell/design.html", page)
