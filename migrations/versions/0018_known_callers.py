"""A run's start checks what was known before it: who stands behind the token, what applies to the plugin."""

from migrations.sql import apply

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    apply(__file__)
