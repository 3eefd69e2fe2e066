"""Tables of disputes; states come from the rules."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

disputes = Table(
    "disputes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("opened_by", Text),
    Column("opener", Uuid),
    Column("provider", Text),
    Column("provider_dispute", Text),
    Column("sale_key", Text),
    Column("invoice_id", Uuid),
    Column("plugin_id", Text),
    Column("buyer", Uuid),
    Column("creator", Uuid),
    Column("currency", Text),
    Column("amount", BigInteger),
    Column("reason", Text),
    Column("state", Text),
    Column("opened_at", DateTime(timezone=True)),
    Column("evidence_due_at", DateTime(timezone=True)),
    Column("decide_due_at", DateTime(timezone=True)),
    Column("reminded_at", DateTime(timezone=True)),
    Column("fee", BigInteger),
    Column("verdict", Text),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    Column("credit_note_id", Uuid),
    Column("version", Integer),
)

steps = Table(
    "dispute_steps",
    metadata,
    Column("dispute_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("step", Text),
    Column("side", Text),
    Column("at", DateTime(timezone=True)),
    Column("by", Uuid),
)

evidence = Table(
    "dispute_evidence",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("dispute_id", Uuid),
    Column("side", Text),
    Column("tenant_id", Uuid),
    Column("by", Uuid),
    Column("at", DateTime(timezone=True)),
    Column("note", Text),
    Column("file_name", Text),
    Column("media_type", Text),
    Column("size", Integer),
    Column("sha256", Text),
)
