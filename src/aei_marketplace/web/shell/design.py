"""The style page: every component in every state, in both themes."""

from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from aei_marketplace.web.shell.addresses import Address
from aei_marketplace.web.shell.forms import Form, FormRoute, filled
from aei_marketplace.web.shell.rendering import PageContext, render

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
    )
    return await render(request, "shell/design.html", page)
