"""The tables of the decisions; `migrations/versions/0012_decisions.sql` creates them."""

from sqlalchemy import Column, DateTime, Integer, SmallInteger, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

cases = Table(
    "cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text),
    Column("subject_type", Text),
    Column("subject_id", Text),
    Column("title", Text),
    Column("party", Uuid),
    Column("opened_by", Uuid),
    Column("opened_tenant", Uuid),
    Column("state", Text),
    Column("round", SmallInteger),
    Column("version", Integer),
    Column("opened_at", DateTime(timezone=True)),
    Column("queued_at", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True)),
    Column("claimed_by", Uuid),
    Column("claimed_until", DateTime(timezone=True)),
    Column("verdict", Text),
    Column("reason", Text),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    Column("appeal_until", DateTime(timezone=True)),
)

case_tenants = Table(
    "case_tenants",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, primary_key=True),
)

case_decisions = Table(
    "case_decisions",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("round", SmallInteger, primary_key=True),
    Column("verdict", Text),
    Column("reason", Text),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
)

case_appeals = Table(
    "case_appeals",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("reason", Text),
    Column("appealed_by", Uuid),
    Column("appealed_at", DateTime(timezone=True)),
)
