"""Requests, their reports, policies and waivers, as `0027_certification.sql` creates them."""

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from aei_marketplace.ground.db import metadata

policies = Table(
    "certification_policies",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("terms", JSONB),
    Column("changed_by", Uuid),
    Column("changed_at", DateTime(timezone=True)),
)

waivers = Table(
    "certification_waivers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("plugin_id", Text),
    Column("check_id", Text),
    Column("rule", Text),
    Column("place", Text),
    Column("reason", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("made_by", Uuid),
    Column("made_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

requests = Table(
    "certification_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("purpose", Text),
    Column("release_id", Uuid),
    Column("plugin_id", Text),
    Column("version", Text),
    Column("owner_tenant", Uuid),
    Column("digest", Text),
    Column("state", Text),
    Column("attempt", Integer),
    Column("broken", Integer),
    Column("leased_until", DateTime(timezone=True)),
    Column("begun_at", DateTime(timezone=True)),
    Column("scanned_at", DateTime(timezone=True)),
    Column("policy_number", Integer),
    Column("policy_digest", Text),
    Column("advisories_at", DateTime(timezone=True)),
    Column("outcome", Text),
    Column("waivers", JSONB),
    Column("problem", Text),
    Column("operation_id", Uuid),
    Column("case_id", Uuid),
    Column("submitted_by", Uuid),
    Column("submitted_at", DateTime(timezone=True)),
    Column("queued_at", DateTime(timezone=True)),
    Column("first_approval_by", Uuid),
    Column("decided_by", Uuid),
    Column("decided_at", DateTime(timezone=True)),
    Column("reason", Text),
    Column("expires_at", DateTime(timezone=True)),
    Column("suspended_at", DateTime(timezone=True)),
    Column("suspended_reason", Text),
    Column("statement", LargeBinary),
    Column("verifying_key", Text),
)

reports = Table(
    "certification_reports",
    metadata,
    Column("request_id", Uuid, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("evidence", JSONB),
)
