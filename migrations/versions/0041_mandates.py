"""Mandates: renewals are charged where the buyer agreed."""

from migrations.sql import apply

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    apply(__file__)
