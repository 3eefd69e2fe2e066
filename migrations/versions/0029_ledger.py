"""The ledger: journal entries with postings, accounts, closed months."""

from migrations.sql import apply

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    apply(__file__)
