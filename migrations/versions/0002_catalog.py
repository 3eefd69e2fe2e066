"""Publishers, namespaces, plugins and who may see them, releases and their states."""

from migrations.sql import apply

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    apply(__file__)
