"""The tables of the reports; `migrations/versions/0012_decisions.sql` creates them."""

from sqlalchemy import Boolean, Column, DateTime, Table, Text, Uuid

from aei_marketplace.ground.db import metadata

reports = Table(
    "reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("case_id", Uuid),
    Column("plugin_id", Text),
    Column("version", Text),
    Column("kind", Text),
    Column("text", Text),
    Column("reporter_id", Uuid),
    Column("reporter_tenant", Uuid),
    Column("stops", Boolean),
    Column("outcome", Text),
    Column("created_at", DateTime(timezone=True)),
)

trusted_reporters = Table(
    "trusted_reporters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid),
    Column("tenant_id", Uuid),
    Column("note", Text),
    Column("added_by", Uuid),
    Column("added_at", DateTime(timezone=True)),
)

report_stops = Table(
    "report_stops",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("release_id", Uuid, primary_key=True),
    Column("state_before", Text),
    Column("reason_before", Text),
    Column("replacement_before", Text),
    Column("moved_at", DateTime(timezone=True)),
    Column("remove_after", DateTime(timezone=True)),
)
