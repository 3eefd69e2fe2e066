"""Offers, purchases, entitlements, usage and caps."""

from migrations.sql import apply

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    apply(__file__)
