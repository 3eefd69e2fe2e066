"""What staff decided of releases binds their publishers."""

from migrations.sql import apply

revision = "0039"
down_revision = "0037"


def upgrade() -> None:
    apply(__file__)
