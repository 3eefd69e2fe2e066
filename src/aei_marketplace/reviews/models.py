"""The tables of the reviews; the migration `0024_reviews` says more about each column."""

from sqlalchemy import Boolean, Column, DateTime, Integer, SmallInteger, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

reviews = Table(
    "reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("plugin_id", Text),
    Column("release_id", Uuid),
    Column("version", Text),
    Column("writer_id", Uuid),
    Column("tenant_id", Uuid),
    Column("author", Text),
    Column("rating", SmallInteger),
    Column("text", Text),
    Column("state", Text),
    Column("reason", Text),
    Column("revision", Integer),
    Column("executions", Integer),
    Column("reports", Integer),
    Column("held", Boolean),
    Column("waiting_since", DateTime(timezone=True)),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)

review_revisions = Table(
    "review_revisions",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("version", Text),
    Column("rating", SmallInteger),
    Column("text", Text),
    Column("written_at", DateTime(timezone=True)),
)

published_reviews = Table(
    "published_reviews",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("plugin_id", Text),
    Column("version", Text),
    Column("writer_id", Uuid),
    Column("tenant_id", Uuid),
    Column("author", Text),
    Column("rating", SmallInteger),
    Column("text", Text),
    Column("executions", Integer),
    Column("helpful", Integer),
    Column("visible", Boolean),
    Column("published_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
)

review_marks = Table(
    "review_marks",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("marked_at", DateTime(timezone=True)),
)

review_reports = Table(
    "review_reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("review_id", Uuid),
    Column("reporter_id", Uuid),
    Column("reporter_tenant", Uuid),
    Column("kind", Text),
    Column("note", Text),
    Column("outcome", Text),
    Column("created_at", DateTime(timezone=True)),
)

review_replies = Table(
    "review_replies",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("plugin_id", Text),
    Column("tenant_id", Uuid),
    Column("author", Text),
    Column("text", Text),
    Column("state", Text),
    Column("reason", Text),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    Column("written_at", DateTime(timezone=True)),
)

review_policy = Table(
    "review_policy",
    metadata,
    Column("single", Boolean, primary_key=True),
    Column("trusted_after", Integer),
    Column("updated_at", DateTime(timezone=True)),
)
