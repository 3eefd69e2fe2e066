"""Requests for certification, scans, policies, decisions and badges."""

from migrations.sql import apply

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    apply(__file__)
