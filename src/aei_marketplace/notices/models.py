"""Tables of the notices; `migrations/versions/0013_notices.sql` says more about each column."""

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

notices = Table(
    "notices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("tenant_id", Uuid),
    Column("user_id", Uuid),
    Column("action", Text),
    Column("subject_type", Text),
    Column("subject_id", Text),
    Column("data", JSONB),
    Column("day", Date),
    Column("count", Integer),
    Column("last_trace", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("last_at", DateTime(timezone=True)),
)

notice_reads = Table(
    "notice_reads",
    metadata,
    Column("notice_id", Uuid, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("read_at", DateTime(timezone=True)),
)

notice_preferences = Table(
    "notice_preferences",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("setting", Text),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("name", Text),
    Column("url", Text),
    Column("kinds", ARRAY(Text)),
    Column("enabled", Boolean),
    Column("disabled_reason", Text),
    Column("failing_since", DateTime(timezone=True)),
    Column("secret_version", Integer),
    Column("secret_nonce", LargeBinary),
    Column("secret_sealed", LargeBinary),
    Column("old_nonce", LargeBinary),
    Column("old_sealed", LargeBinary),
    Column("old_until", DateTime(timezone=True)),
    Column("version", Integer),
    Column("created_at", DateTime(timezone=True)),
    Column("created_by", Uuid),
    Column("updated_at", DateTime(timezone=True)),
)

notice_deliveries = Table(
    "notice_deliveries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("notice_id", Uuid),
    Column("kind", Text),
    Column("channel", Text),
    Column("user_id", Uuid),
    Column("webhook_id", Uuid),
    Column("lane", Uuid, Computed("coalesce(webhook_id, user_id)")),
    Column("digest", Boolean),
    Column("state", Text),
    Column("attempts", Integer),
    Column("due_at", DateTime(timezone=True)),
    Column("claim", Uuid),
    Column("claimed_until", DateTime(timezone=True)),
    Column("status", Integer),
    Column("problem", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
)
