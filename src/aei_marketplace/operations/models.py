"""The table of the operations; `migrations/versions/0003_operations.sql` creates it."""

from sqlalchemy import REAL, Column, DateTime, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

operations = Table(
    "operations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("kind", Text),
    Column("state", Text),
    Column("progress", REAL),
    Column("message", Text),
    Column("problem", JSONB(none_as_null=True)),
    Column("plugin_id", Text),
    Column("actor_id", Uuid),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)
