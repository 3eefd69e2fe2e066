"""What tenants installed, what they granted, how they configured it."""

from migrations.sql import apply

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    apply(__file__)
