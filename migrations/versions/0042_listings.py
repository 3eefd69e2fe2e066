"""What lists show of plugins, in one statement."""

from migrations.sql import apply

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    apply(__file__)
