"""Claims, members and proofs of publishers, and quotas."""

from migrations.sql import apply

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    apply(__file__)
