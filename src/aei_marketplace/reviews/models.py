"""The tables of the reviews; the migrations 0024, 0025 and 0037 say more about each column."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

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
    Column("due_at", DateTime(timezone=True)),
    Column("appeal_case", Uuid),
    Column("appeal_words", Text),
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
    Column("superseded", Boolean),
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
    Column("most_links", Integer),
    Column("allowed_hosts", ARRAY(Text)),
    Column("updated_at", DateTime(timezone=True)),
)

review_flags = Table(
    "review_flags",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text),
    Column("flagged_at", DateTime(timezone=True)),
    Column("waiting_since", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True)),
)

review_likenesses = Table(
    "review_likenesses",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("other_id", Uuid, primary_key=True),
    Column("score", SmallInteger),
)

review_signatures = Table(
    "review_signatures",
    metadata,
    Column("review_id", Uuid, primary_key=True),
    Column("signature", LargeBinary),
    Column("bands", ARRAY(BigInteger)),
)

review_tallies = Table(
    "review_tallies",
    metadata,
    Column("plugin_id", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("rating", SmallInteger, primary_key=True),
    Column("writers", Integer),
    Column("reviews", Integer),
)

review_undos = Table(
    "review_undos",
    metadata,
    Column("batch_id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("review_id", Uuid, primary_key=True),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    Column("before", JSONB),
    Column("published", JSONB),
    Column("settled", ARRAY(Uuid)),
)
