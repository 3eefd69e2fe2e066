"""Notices, their deliveries, and what people want to hear of."""

from migrations.sql import apply

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    apply(__file__)
