"""Replies are taken back as reviews are, erased writers count once, nobody praises their own."""

from migrations.sql import apply

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    apply(__file__)
