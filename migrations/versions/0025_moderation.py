"""What moderation knows of texts, writers and bursts, appeals against decisions on reviews."""

from migrations.sql import apply

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    apply(__file__)
