"""What search reads: a change sequence over listings, and popularity."""

from migrations.sql import apply

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    apply(__file__)
