"""Tables of the ledger; the migration says more about each column."""

from sqlalchemy import BigInteger, Column, Date, DateTime, LargeBinary, SmallInteger, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

accounts = Table(
    "ledger_accounts",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text),
    Column("owner", Uuid),
    Column("currency", Text),
)

entries = Table(
    "ledger_entries",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("key", Text),
    Column("kind", Text),
    Column("period", Date),
    Column("ref_period", Date),
    Column("occurred_at", DateTime(timezone=True)),
    Column("recorded_at", DateTime(timezone=True)),
    Column("lines", SmallInteger),
    Column("digest", LargeBinary),
)

postings = Table(
    "ledger_postings",
    metadata,
    Column("entry_id", Uuid, primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    Column("period", Date),
    Column("account_id", BigInteger),
    Column("amount", BigInteger),
)

closings = Table(
    "ledger_closings",
    metadata,
    Column("period", Date, primary_key=True),
    Column("closed_at", DateTime(timezone=True)),
    Column("entries", BigInteger),
    Column("digest", LargeBinary),
)
