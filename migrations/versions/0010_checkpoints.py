"""Signed checkpoints of the audit log, its archive, and where it is streamed to."""

from migrations.sql import apply

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    apply(__file__)
