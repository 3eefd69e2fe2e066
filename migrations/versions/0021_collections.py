"""Curated sections of the marketplace's first page, their weeks and their clicks."""

from migrations.sql import apply

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    apply(__file__)
