"""Executions with their one start and one end, and their logs."""

from migrations.sql import apply

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    apply(__file__)
