"""Executions that others called, replays with their journals, and try-outs without an installation."""

from migrations.sql import apply

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    apply(__file__)
