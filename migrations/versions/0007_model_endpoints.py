"""The tenants' model endpoints, their keys sealed as secrets are."""

from migrations.sql import apply

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    apply(__file__)
