"""The tables of the audit log; `migrations/versions/0001_accounts_and_audit.sql` creates them, and
`0010_checkpoints.sql`."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, LargeBinary, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

entries = Table(
    "audit_entries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("tenant_id", Uuid),
    Column("actor_kind", Text),
    Column("actor_id", Uuid),
    Column("action", Text),
    Column("resource_type", Text),
    Column("resource_id", Text),
    Column("outcome", Text),
    Column("trace_id", Text),
    Column("content", LargeBinary),
    Column("leaf_hash", LargeBinary),
)

leaves = Table(
    "audit_leaves",
    metadata,
    Column("sequence", BigInteger, primary_key=True),
    Column("entry_id", Uuid),
    Column("leaf_hash", LargeBinary),
)

nodes = Table(
    "audit_nodes",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("hash", LargeBinary),
)

heads = Table(
    "audit_heads",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary),
    Column("at", DateTime(timezone=True)),
)

personal = Table(
    "audit_personal",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text),
    Column("key", LargeBinary),
)

checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("root", LargeBinary),
    Column("note", Text),
    Column("verifying_key", Text),
    Column("at", DateTime(timezone=True)),
)
