"""Tax rates, invoices, credit notes, what providers tell."""

from migrations.sql import apply

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    apply(__file__)
