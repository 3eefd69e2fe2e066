"""Tables of the vault; the migration says more about each column."""

from sqlalchemy import Boolean, Column, DateTime, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

secrets = Table(
    "secrets",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("updated_by", Uuid, nullable=False),
)

model_endpoints = Table(
    "model_endpoints",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("models", JSONB, nullable=False),
    Column("streaming", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("key_version", Integer),
    Column("key_nonce", LargeBinary),
    Column("key_sealed", LargeBinary),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("updated_by", Uuid, nullable=False),
)
