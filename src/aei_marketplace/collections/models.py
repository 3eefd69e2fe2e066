"""Tables of collections; the migration says more about each column."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

collections = Table(
    "collections",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text),
    Column("kind", Text),
    Column("title", Text),
    Column("description", Text),
    Column("state", Text),
    Column("shown_from", DateTime(timezone=True)),
    Column("shown_until", DateTime(timezone=True)),
    Column("rotation", Text),
    Column("slot", SmallInteger),
    Column("position", Integer),
    Column("version", Integer),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)

collection_plugins = Table(
    "collection_plugins",
    metadata,
    Column("collection_id", Uuid, primary_key=True),
    Column("place", SmallInteger, primary_key=True),
    Column("plugin_id", Text),
)

collection_revisions = Table(
    "collection_revisions",
    metadata,
    Column("collection_id", Uuid, primary_key=True),
    Column("content", JSONB),
)

rotation_flags = Table(
    "rotation_flags",
    metadata,
    Column("name", Text, primary_key=True),
    Column("percentage", SmallInteger),
    Column("version", Integer),
    Column("updated_at", DateTime(timezone=True)),
)

collection_clicks = Table(
    "collection_clicks",
    metadata,
    Column("collection_id", Uuid, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("plugin_id", Text, primary_key=True),
    Column("impressions", BigInteger),
    Column("clicks", BigInteger),
)
