"""Share agreements and the lines of creators' accounts."""

from migrations.sql import apply

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    apply(__file__)
