"""Tables of invoices and credit notes; the migration says more about each column."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

invoices = Table(
    "invoices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("year", Integer),
    Column("sequence", Integer),
    Column("number", Text, Computed("invoice_number_text('INV', year, sequence)")),
    Column("currency", Text),
    Column("issued_at", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("seller", JSONB),
    Column("billed_to", JSONB),
    Column("reverse_charge", Boolean),
    Column("lines", Integer),
    Column("net", BigInteger),
    Column("tax", BigInteger),
)

invoice_lines = Table(
    "invoice_lines",
    metadata,
    Column("invoice_id", Uuid, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("tenant_id", Uuid),
    Column("key", Text),
    Column("kind", Text),
    Column("plugin_id", Text),
    Column("version", Text),
    Column("creator", Uuid),
    Column("text", Text),
    Column("quantity", BigInteger),
    Column("unit_micros", BigInteger),
    Column("net", BigInteger),
    Column("category", Text),
    Column("rate_bps", Integer),
    Column("tax", BigInteger),
    Column("earned_at", DateTime(timezone=True)),
    Column("purchase_id", Uuid),
)

invoice_standings = Table(
    "invoice_standings",
    metadata,
    Column("invoice_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("state", Text),
    Column("total", BigInteger),
    Column("credited", BigInteger),
    Column("due_at", DateTime(timezone=True)),
    Column("paid_at", DateTime(timezone=True)),
    Column("provider", Text),
    Column("reference", Text),
    Column("processor_fee", BigInteger),
    Column("marked_by", Uuid),
    Column("reminders", SmallInteger),
)

credit_notes = Table(
    "credit_notes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("invoice_id", Uuid),
    Column("year", Integer),
    Column("sequence", Integer),
    Column("number", Text, Computed("invoice_number_text('CN', year, sequence)")),
    Column("currency", Text),
    Column("issued_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("unpaid", Boolean),
    Column("taken", Boolean),
    Column("lines", Integer),
    Column("net", BigInteger),
    Column("tax", BigInteger),
)

credit_note_lines = Table(
    "credit_note_lines",
    metadata,
    Column("credit_note_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("tenant_id", Uuid),
    Column("net", BigInteger),
    Column("tax", BigInteger),
)
