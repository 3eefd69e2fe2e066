"""Advisories about published packages, and what they affect."""

from migrations.sql import apply

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    apply(__file__)
