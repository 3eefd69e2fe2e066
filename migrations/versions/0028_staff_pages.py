"""Closed tenants and what else the staff's pages need."""

from migrations.sql import apply

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    apply(__file__)
