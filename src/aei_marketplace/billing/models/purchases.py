"""Tables of purchases and what they come to; the migration says more about each column."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

purchases = Table(
    "purchases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("plugin_id", Text, nullable=False),
    Column("creator", Uuid, nullable=False),
    Column("version", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("price_id", Uuid, nullable=False),
    Column("bought_by", Uuid, nullable=False),
    Column("bought_at", DateTime(timezone=True), nullable=False),
    Column("anchor", DateTime(timezone=True)),
    Column("periods", Integer, nullable=False),
    Column("period_end", DateTime(timezone=True)),
    Column("trial_left", Integer, nullable=False),
    Column("access_from", DateTime(timezone=True)),
    Column("access_until", DateTime(timezone=True)),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_because", Text),
    Column("told_of", DateTime(timezone=True)),
)

purchase_charges = Table(
    "purchase_charges",
    metadata,
    Column("key", Text, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("purchase_id", Uuid, nullable=False),
    Column("plugin_id", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("net_minor", BigInteger, nullable=False),
    Column("period_start", DateTime(timezone=True), nullable=False),
    Column("period_end", DateTime(timezone=True)),
    Column("receipt_root", LargeBinary),
    Column("invoice_id", Uuid, nullable=False),
    Column("charged_at", DateTime(timezone=True), nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("paid_at", DateTime(timezone=True)),
)

purchase_credits = Table(
    "purchase_credits",
    metadata,
    Column("credit_note_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("credited_at", DateTime(timezone=True), nullable=False),
)

buyer_accounts = Table(
    "buyer_accounts",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("on_account", Boolean, nullable=False),
    Column("changed_by", Uuid, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
