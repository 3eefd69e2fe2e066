"""Who belongs to a namespace, and what they may do there; how it changes hands."""

from migrations.sql import apply

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    apply(__file__)
