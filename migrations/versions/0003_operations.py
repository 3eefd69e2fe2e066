"""Background operations and the word that one has changed."""

from migrations.sql import apply

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    apply(__file__)
