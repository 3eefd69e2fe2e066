"""What is wrong with releases of a plugin, told to those who run them."""

from migrations.sql import apply

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    apply(__file__)
