"""Tables of what runs cost and may cost; the migration says more about each column."""

from sqlalchemy import BigInteger, Column, Date, DateTime, LargeBinary, SmallInteger, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

usage_records = Table(
    "usage_records",
    metadata,
    Column("execution_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("purchase_id", Uuid, nullable=False),
    Column("plugin_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("period", Date, nullable=False),
    Column("currency", Text, nullable=False),
    Column("unit_micros", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("outcome", Text),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("usage_sha256", LargeBinary),
    Column("charge_key", Text),
)

spend_caps = Table(
    "spend_caps",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("plugin_id", Text, primary_key=True),
    Column("month_micros", BigInteger),
    Column("execution_micros", BigInteger),
    Column("changed_by", Uuid, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)

spend_months = Table(
    "spend_months",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("period", Date, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("plugin_id", Text, primary_key=True),
    Column("micros", BigInteger, nullable=False),
    Column("alerted", SmallInteger, nullable=False),
)
