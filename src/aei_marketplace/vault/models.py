"""Tables of the vault; the migration says more about each column."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

data_keys = Table(
    "data_keys",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("nonce", LargeBinary, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

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
