"""Tables of mandates and of agreed prices; the migration says more about each column."""

from sqlalchemy import Column, DateTime, Integer, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

mandates = Table(
    "payment_mandates",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("provider", Text),
    Column("state", Text),
    Column("terms", Integer),
    Column("agreed_by", Uuid),
    Column("agreed_at", DateTime(timezone=True)),
    Column("setup", Text),
    Column("url", Text),
    Column("url_until", DateTime(timezone=True)),
    Column("customer", Text),
    Column("method", Text),
    Column("label", Text),
    Column("kept_at", DateTime(timezone=True)),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("withdrawn_by", Uuid),
)

price_consents = Table(
    "price_consents",
    metadata,
    Column("purchase_id", Uuid, primary_key=True),
    Column("price_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("agreed_by", Uuid),
    Column("agreed_at", DateTime(timezone=True)),
)
