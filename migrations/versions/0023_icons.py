"""Icons of releases."""

from migrations.sql import apply

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    apply(__file__)
