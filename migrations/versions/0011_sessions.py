"""Sessions, second factors, invitations, providers of sign-in and a tenant's own roles."""

from migrations.sql import apply

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    apply(__file__)
