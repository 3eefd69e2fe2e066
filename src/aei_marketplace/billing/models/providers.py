"""Tables of payments, refunds and what providers tell; the migration says more about each column."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

payments = Table(
    "payments",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("invoice_id", Uuid),
    Column("provider", Text),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("state", Text),
    Column("collection", Text),
    Column("payment", Text),
    Column("url", Text),
    Column("url_until", DateTime(timezone=True)),
    Column("problem", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("settled_at", DateTime(timezone=True)),
    Column("mandate_id", Uuid),
    Column("final", Boolean),
)

customers = Table(
    "provider_customers",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("tenant_id", Uuid, primary_key=True),
    Column("customer", Text),
)

refunds = Table(
    "refunds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("credit_note_id", Uuid),
    Column("invoice_id", Uuid),
    Column("provider", Text),
    Column("payment", Text),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("state", Text),
    Column("reference", Text),
    Column("problem", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("asked_at", DateTime(timezone=True)),
    Column("settled_at", DateTime(timezone=True)),
    Column("marked_by", Uuid),
)

provider_events = Table(
    "provider_events",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("kind", Text),
    Column("subject", Text),
    Column("told", JSONB),
    Column("occurred_at", DateTime(timezone=True)),
    Column("received_at", DateTime(timezone=True)),
    Column("state", Text),
    Column("reason", Text),
    Column("settled_at", DateTime(timezone=True)),
)

provider_disputes = Table(
    "provider_disputes",
    metadata,
    Column("provider", Text, primary_key=True),
    Column("dispute", Text, primary_key=True),
    Column("sale_key", Text, primary_key=True),
    Column("tenant_id", Uuid),
    Column("amount", BigInteger),
    Column("fee", BigInteger),
    Column("state", Text),
    Column("opened_at", DateTime(timezone=True)),
    Column("evidence_due_at", DateTime(timezone=True)),
    Column("settled_at", DateTime(timezone=True)),
)
