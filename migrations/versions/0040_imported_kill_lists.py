"""Kill lists of other marketplaces are remembered."""

from migrations.sql import apply

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    apply(__file__)
