"""What waits for a person's decision, appeals, and reports about plugins."""

from migrations.sql import apply

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    apply(__file__)
