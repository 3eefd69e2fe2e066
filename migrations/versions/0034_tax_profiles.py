"""Tax profiles of creators: sealed, and reviewed by staff."""

from migrations.sql import apply

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    apply(__file__)
