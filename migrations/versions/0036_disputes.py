"""Disputes with their steps and evidence."""

from migrations.sql import apply

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    apply(__file__)
