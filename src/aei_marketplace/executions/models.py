"""Tables of executions; the migration says more about each column."""

from sqlalchemy import JSON, Boolean, Column, DateTime, Integer, LargeBinary, SmallInteger, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from aei_marketplace.ground.db import metadata

executions = Table(
    "executions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("installation_id", Uuid),
    Column("plugin_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("release_id", Uuid, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("mode", Text, nullable=False),
    Column("owner", Uuid, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("limits", JSON, nullable=False),
    Column("task_bytes", Integer, nullable=False),
    Column("task_sha256", LargeBinary, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("output", LargeBinary),
    Column("problem", Text),
    Column("usage", JSON),
    Column("permissions", JSON),
    Column("walls", ARRAY(Text)),
    Column("log_truncated", Boolean),
    Column("output_forgotten_at", DateTime(timezone=True)),
    Column("parent_id", Uuid),
    Column("depth", SmallInteger, nullable=False),
    Column("replay_of", Uuid),
    Column("journal", Text),
    Column("divergence", JSON),
    Column("identical", Boolean),
)

execution_logs = Table(
    "execution_logs",
    metadata,
    Column("execution_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("lines", LargeBinary, nullable=False),
)

execution_journals = Table(
    "execution_journals",
    metadata,
    Column("execution_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
