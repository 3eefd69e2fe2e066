"""Files that an installation kept are forgotten with it."""

from migrations.sql import apply

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    apply(__file__)
