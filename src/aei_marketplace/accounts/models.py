"""The tables of the accounts; `migrations/versions/0001_accounts_and_audit.sql` creates them."""

from sqlalchemy import ARRAY, Column, DateTime, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text),
    Column("name", Text),
    Column("policies", JSONB),
    Column("created_at", DateTime(timezone=True)),
)

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("email", Text),
    Column("name", Text),
    Column("password_hash", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("disabled_at", DateTime(timezone=True)),
)

roles = Table(
    "roles",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("realm", Text),
    Column("tenant_id", Uuid),
    Column("name", Text),
    Column("actions", ARRAY(Text)),
)

memberships = Table(
    "memberships",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, primary_key=True),
    Column("role_id", Uuid, primary_key=True),
    Column("created_at", DateTime(timezone=True)),
)

staff = Table(
    "staff",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("role_id", Uuid, primary_key=True),
    Column("created_at", DateTime(timezone=True)),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("tenant_id", Uuid),
    Column("name", Text),
    Column("hash", LargeBinary),
    Column("scopes", ARRAY(Text)),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)
