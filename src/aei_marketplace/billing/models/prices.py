"""Tables of prices; the migration says more about each column."""

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

plugin_prices = Table(
    "plugin_prices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("plugin_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("currency", Text),
    Column("amount_minor", BigInteger, nullable=False),
    Column("per", Text),
    Column("unit_micros", BigInteger),
    Column("trial", Integer),
    Column("announced_at", DateTime(timezone=True), nullable=False),
    Column("effective_from", DateTime(timezone=True), nullable=False),
)
