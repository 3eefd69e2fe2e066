"""Releases' whole life: channels, yanks, quarantine, the kill list, rollouts."""

from migrations.sql import apply

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    apply(__file__)
