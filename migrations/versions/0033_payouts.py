"""Statements, payouts, tax profiles."""

from migrations.sql import apply

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    apply(__file__)
