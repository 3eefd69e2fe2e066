"""The tenants' secrets, sealed with keys that are sealed with the master key."""

from migrations.sql import apply

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    apply(__file__)
