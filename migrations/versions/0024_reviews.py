"""Reviews with their history, replies, reports and marks, and what of them reaches the listings."""

from migrations.sql import apply

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    apply(__file__)
