"""Which data keys are being replaced; tenants' proofs look up and do not list."""

from migrations.sql import apply

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    apply(__file__)
