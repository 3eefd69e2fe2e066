"""Tables of statements and payouts; states come from the rules."""

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

month_closes = Table(
    "month_closes",
    metadata,
    Column("period", Date, primary_key=True),
    Column("begun_at", DateTime(timezone=True)),
    Column("begun_by", Uuid),
    Column("statements_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
)

statements = Table(
    "statements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("period", Date),
    Column("creator", Uuid),
    Column("currency", Text),
    Column("opening", BigInteger),
    *(
        Column(f"{kind}_{figure}", BigInteger)
        for kind in ("sales", "refunds", "holds", "releases", "charges")
        for figure in ("count", "gross", "fees", "net")
    ),
    Column("payout_reversals", BigInteger),
    Column("payable", BigInteger),
    Column("threshold", BigInteger),
    Column("payout", BigInteger),
    Column("closing", BigInteger),
    Column("created_at", DateTime(timezone=True)),
)

statement_parts = Table(
    "statement_parts",
    metadata,
    Column("statement_id", Uuid, primary_key=True),
    Column("plugin_id", Text, primary_key=True),
    Column("version", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    *(Column(figure, BigInteger) for figure in ("count", "gross", "fees", "net")),
)

payout_thresholds = Table(
    "payout_thresholds",
    metadata,
    Column("currency", Text, primary_key=True),
    Column("amount", BigInteger),
    Column("changed_at", DateTime(timezone=True)),
    Column("changed_by", Uuid),
)

creator_thresholds = Table(
    "creator_thresholds",
    metadata,
    Column("creator", Uuid, primary_key=True),
    Column("currency", Text, primary_key=True),
    Column("amount", BigInteger),
    Column("changed_at", DateTime(timezone=True)),
    Column("changed_by", Uuid),
)

payout_policies = Table(
    "payout_policies",
    metadata,
    Column("only_one", Boolean, primary_key=True),
    Column("december_sweep", Boolean),
    Column("changed_at", DateTime(timezone=True)),
    Column("changed_by", Uuid),
)

tax_model_confirmations = Table(
    "tax_model_confirmations",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("confirmed", Boolean),
    Column("name", Text),
    Column("day", Date),
    Column("recorded_at", DateTime(timezone=True)),
    Column("recorded_by", Uuid),
)

payout_destinations = Table(
    "payout_destinations",
    metadata,
    Column("creator", Uuid, primary_key=True),
    Column("provider", Text),
    Column("destination", Text),
    Column("changed_at", DateTime(timezone=True)),
    Column("changed_by", Uuid),
)

payouts = Table(
    "payouts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("statement_id", Uuid),
    Column("creator", Uuid),
    Column("currency", Text),
    Column("period", Date),
    Column("amount", BigInteger),
    Column("state", Text),
    Column("withholding", BigInteger),
    Column("transfer", BigInteger),
    Column("withholding_bps", Integer),
    Column("held_reason", Text),
    Column("provider", Text),
    Column("sent_at", DateTime(timezone=True)),
    Column("reference", Text),
    Column("failure", Text),
    Column("drafted_by", Uuid),
    Column("approved_by", Uuid),
    Column("released_by", Uuid),
    Column("created_at", DateTime(timezone=True)),
    Column("released_at", DateTime(timezone=True)),
    Column("paid_at", DateTime(timezone=True)),
    Column("state_changed_at", DateTime(timezone=True)),
    Column("version", Integer),
)

payout_steps = Table(
    "payout_steps",
    metadata,
    Column("payout_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Text),
    Column("at", DateTime(timezone=True)),
    Column("by", Uuid),
    Column("reason", Text),
)

payout_reversals = Table(
    "payout_reversals",
    metadata,
    Column("payout_id", Uuid, primary_key=True),
    Column("creator", Uuid),
    Column("currency", Text),
    Column("amount", BigInteger),
    Column("period", Date),
    Column("recorded_at", DateTime(timezone=True)),
)
