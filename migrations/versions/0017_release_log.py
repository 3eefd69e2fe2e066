"""The public log of releases, signatures and trusted publishing."""

from migrations.sql import apply

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    apply(__file__)
