"""The tables of the accounts; the migrations `0001`, `0011` and `0028` create them."""

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, DateTime, LargeBinary, Table, Text, Uuid
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
    Column("closed_at", DateTime(timezone=True)),
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

sessions = Table(
    "sessions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("tenant_id", Uuid),
    Column("bound_to", Uuid),
    Column("hash", LargeBinary),
    Column("method", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("seen_at", DateTime(timezone=True)),
    Column("proven_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", Text),
    Column("challenge", LargeBinary),
    Column("challenge_for", Text),
    Column("challenge_until", DateTime(timezone=True)),
    Column("address", Text),
    Column("agent", Text),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("hash", LargeBinary),
    Column("expires_at", DateTime(timezone=True)),
    Column("redirect_to", Text),
    Column("provider_id", Uuid),
    Column("state", LargeBinary),
    Column("nonce", Text),
    Column("verifier", Text),
    Column("redirect_uri", Text),
    Column("invitation", LargeBinary),
    Column("link_to", Uuid),
    Column("link_session", Uuid),
    Column("user_id", Uuid),
    Column("tenant_id", Uuid),
    Column("bound_to", Uuid),
    Column("method", Text),
    Column("challenge", LargeBinary),
    Column("used_at", DateTime(timezone=True)),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("credential_id", LargeBinary),
    Column("public_key", LargeBinary),
    Column("sign_count", BigInteger),
    Column("name", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)

identity_providers = Table(
    "identity_providers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("name", Text),
    Column("issuer", Text),
    Column("client_id", Text),
    Column("secret_nonce", LargeBinary),
    Column("secret_sealed", LargeBinary),
    Column("enabled", Boolean),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)

identities = Table(
    "identities",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("issuer", Text),
    Column("subject", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("role_id", Uuid),
    Column("email", Text),
    Column("hash", LargeBinary),
    Column("invited_by", Uuid),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("accepted_at", DateTime(timezone=True)),
    Column("accepted_by", Uuid),
    Column("revoked_at", DateTime(timezone=True)),
)

recoveries = Table(
    "recoveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("hash", LargeBinary),
    Column("expires_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)
