"""What lets pages and queues answer at once, however much there is."""

from migrations.sql import apply

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    apply(__file__)
