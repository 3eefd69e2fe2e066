"""Tenants, staff, users, roles, tokens; the audit log and its tree."""

from migrations.sql import apply

revision = "0001"
down_revision = None


def upgrade() -> None:
    apply(__file__)
