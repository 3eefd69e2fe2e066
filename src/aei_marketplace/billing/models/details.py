"""Tables of sellers, billing details and tax; the migration says more about each column."""

from sqlalchemy import Column, Date, DateTime, Integer, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

sellers = Table(
    "billing_sellers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text),
    Column("address", Text),
    Column("country", Text),
    Column("tax_id", Text),
    Column("email", Text),
    Column("recorded_at", DateTime(timezone=True)),
    Column("recorded_by", Uuid),
)

details = Table(
    "billing_details",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", Text),
    Column("address", Text),
    Column("country", Text),
    Column("tax_id", Text),
    Column("email", Text),
    Column("version", Integer),
    Column("updated_at", DateTime(timezone=True)),
    Column("updated_by", Uuid),
)

tax_rates = Table(
    "tax_rates",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("category", Text),
    Column("country", Text),
    Column("from_day", Date),
    Column("rate_bps", Integer),
    Column("recorded_at", DateTime(timezone=True)),
    Column("recorded_by", Uuid),
)

tax_categories = Table(
    "plugin_tax_categories",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("plugin_id", Text),
    Column("category", Text),
    Column("recorded_at", DateTime(timezone=True)),
    Column("recorded_by", Uuid),
)
