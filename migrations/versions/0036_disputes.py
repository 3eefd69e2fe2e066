"""Disputes with their steps and evidence."""

from pathlib import Path

from migrations.sql import apply

revision = "0036"
down_revision = "0035" if any(Path(__file__).parent.glob("0035_*.py")) else "0034"


def upgrade() -> None:
    apply(__file__)
