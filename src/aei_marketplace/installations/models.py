"""The tables of installations; the migrations `0004` and `0028` say more about each column."""

from sqlalchemy import Boolean, Column, DateTime, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

installations = Table(
    "installations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("plugin_id", Text, nullable=False),
    Column("release_id", Uuid, nullable=False),
    Column("version", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("pinned", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("grants", JSONB, nullable=False),
    Column("config", JSONB, nullable=False),
    Column("policy", JSONB, nullable=False),
    Column("installed_by", Uuid, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Column("removed_at", DateTime(timezone=True)),
    Column("purge_after", DateTime(timezone=True)),
    Column("purged_at", DateTime(timezone=True)),
    Column("files_forgotten_at", DateTime(timezone=True)),
)

automatic_updates = Table(
    "automatic_updates",
    metadata,
    Column("installation_id", Uuid, primary_key=True),
    Column("release_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
)

installation_wishes = Table(
    "installation_wishes",
    metadata,
    Column("operation_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("plugin_id", Text, nullable=False),
    Column("version", Text),
    Column("channel", Text),
    Column("grants", JSONB(none_as_null=True)),
    Column("along", JSONB(none_as_null=True)),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
