"""Tables of sales; the migration says more about each column."""

from sqlalchemy import BigInteger, Column, Date, DateTime, Integer, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

agreements = Table(
    "share_agreements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("number", BigInteger),
    Column("plugin_id", Text),
    Column("creator_share_bps", Integer),
    Column("tiers", JSONB),
    Column("processing_fee_bearer", Text),
    Column("dispute_fee_bearer", Text),
    Column("effective_from", DateTime(timezone=True)),
    Column("reason", Text),
    Column("set_by", Uuid),
    Column("set_at", DateTime(timezone=True)),
)

sales = Table(
    "sales",
    metadata,
    Column("key", Text, primary_key=True),
    Column("plugin_id", Text),
    Column("version", Text),
    Column("creator", Uuid),
    Column("buyer", Uuid),
    Column("source", Text),
    Column("currency", Text),
    Column("gross", BigInteger),
    Column("tax", BigInteger),
    Column("tax_country", Text),
    Column("processor_fee", BigInteger),
    Column("net", BigInteger),
    Column("creator_share_bps", Integer),
    Column("processing_fee_bearer", Text),
    Column("dispute_fee_bearer", Text),
    Column("occurred_at", DateTime(timezone=True)),
    Column("earned_at", DateTime(timezone=True)),
    Column("recorded_at", DateTime(timezone=True)),
    Column("reversed", BigInteger),
)

facts = Table(
    "sales_facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text),
    Column("sale_key", Text),
    Column("dispute_key", Text),
    Column("amount", BigInteger),
    Column("fee", BigInteger),
    Column("currency", Text),
    Column("occurred_at", DateTime(timezone=True)),
    Column("told_at", DateTime(timezone=True)),
    Column("state", Text),
    Column("reason", Text),
    Column("settled_at", DateTime(timezone=True)),
)

lines = Table(
    "sales_lines",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", Text),
    Column("kind", Text),
    Column("sale_key", Text),
    Column("plugin_id", Text),
    Column("version", Text),
    Column("creator", Uuid),
    Column("source", Text),
    Column("creator_share_bps", Integer),
    Column("currency", Text),
    Column("gross", BigInteger),
    Column("fees", BigInteger),
    Column("net", BigInteger),
    Column("tax", BigInteger),
    Column("period", Date),
    Column("ref_period", Date),
    Column("occurred_at", DateTime(timezone=True)),
    Column("recorded_at", DateTime(timezone=True)),
)
