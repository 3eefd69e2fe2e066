"""The tables of the catalogue; `migrations/versions/0002_catalog.sql` creates them."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, LargeBinary, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from aei_marketplace.ground.db import metadata

publishers = Table(
    "publishers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("name", Text),
    Column("verified_at", DateTime(timezone=True)),
    Column("signatures_required", Boolean),
    Column("created_at", DateTime(timezone=True)),
)

namespaces = Table(
    "namespaces",
    metadata,
    Column("name", Text, primary_key=True),
    Column("publisher_id", Uuid),
    Column("skeleton", Text),
    Column("members_only", Boolean),
    Column("created_at", DateTime(timezone=True)),
)

namespace_members = Table(
    "namespace_members",
    metadata,
    Column("namespace", Text, primary_key=True),
    Column("user_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("role", Text),
    Column("named_by", Uuid),
    Column("named_at", DateTime(timezone=True)),
)

namespace_transfers = Table(
    "namespace_transfers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("namespace", Text),
    Column("from_tenant", Uuid),
    Column("to_tenant", Uuid),
    Column("from_slug", Text),
    Column("to_slug", Text),
    Column("state", Text),
    Column("offered_by", Uuid),
    Column("offered_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("ended_by", Uuid),
    Column("ended_at", DateTime(timezone=True)),
    Column("told_at", DateTime(timezone=True)),
)

name_claims = Table(
    "name_claims",
    metadata,
    Column("case_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("publisher_id", Uuid),
    Column("name", Text),
    Column("likeness", Text),
    Column("resembles", Text),
    Column("words", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("granted_at", DateTime(timezone=True)),
)

publisher_domains = Table(
    "publisher_domains",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("publisher_id", Uuid),
    Column("domain", Text),
    Column("method", Text),
    Column("token", Text),
    Column("state", Text),
    Column("problem", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("checked_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("next_check_at", DateTime(timezone=True)),
)

publisher_quotas = Table(
    "publisher_quotas",
    metadata,
    Column("publisher_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("storage_bytes", BigInteger),
    Column("releases", BigInteger),
    Column("releases_per_hour", BigInteger),
    Column("updated_at", DateTime(timezone=True)),
)

plugins = Table(
    "plugins",
    metadata,
    Column("id", Text, primary_key=True),
    Column("namespace", Text),
    Column("publisher_id", Uuid),
    Column("owner_tenant", Uuid),
    Column("visibility", Text),
    Column("name", Text),
    Column("description", Text),
    Column("kind", Text),
    Column("categories", ARRAY(Text)),
    Column("keywords", ARRAY(Text)),
    Column("permissions", ARRAY(Text)),
    Column("pricing_model", Text),
    Column("latest_stable", Uuid),
    Column("latest_preview", Uuid),
    Column("latest_shown", Uuid),
    Column("listed_at", DateTime(timezone=True)),
    Column("installs", Integer),
    Column("rating_sum", BigInteger),
    Column("rating_count", Integer),
    Column("rollout_start", Integer),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("change_sequence", BigInteger),
)

plugin_audiences = Table(
    "plugin_audiences",
    metadata,
    Column("plugin_id", Text, primary_key=True),
    Column("tenant_id", Uuid, primary_key=True),
    Column("owner_tenant", Uuid),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("plugin_id", Text),
    Column("publisher_id", Uuid),
    Column("version", Text),
    Column("channel", Text),
    Column("precedence", Text),
    Column("state", Text),
    Column("state_reason", Text),
    Column("state_changed_at", DateTime(timezone=True)),
    Column("replacement", Text),
    Column("listed_at", DateTime(timezone=True)),
    Column("package_sha256", Text),
    Column("size_bytes", BigInteger),
    Column("component_sha256", Text),
    Column("component_size", BigInteger),
    Column("manifest", JSONB),
    Column("aei_range", Text),
    Column("readme", Text),
    Column("changelog", Text),
    Column("icon_kind", Text),
    Column("icon", LargeBinary),
    Column("signature", LargeBinary),
    Column("signer", Text),
    Column("published_by", Uuid),
    Column("published_at", DateTime(timezone=True)),
    Column("log_index", BigInteger),
    Column("certified_until", DateTime(timezone=True)),
    Column("certification", Uuid),
)

release_compatibility = Table(
    "release_compatibility",
    metadata,
    Column("release_id", Uuid, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("lower", Text),
    Column("upper", Text),
    Column("prerelease_cores", ARRAY(Text)),
)

release_states = Table(
    "release_states",
    metadata,
    Column("release_id", Uuid, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("state", Text),
    Column("reason", Text),
    Column("replacement", Text),
    Column("actor_id", Uuid),
    Column("at", DateTime(timezone=True)),
    Column("bound", Text),
)

release_log_pending = Table(
    "release_log_pending",
    metadata,
    Column("position", BigInteger, primary_key=True),
    Column("release_id", Uuid),
    Column("content", LargeBinary),
    Column("leaf_hash", LargeBinary),
)

release_log_leaves = Table(
    "release_log_leaves",
    metadata,
    Column("leaf_index", BigInteger, primary_key=True),
    Column("release_id", Uuid),
    Column("content", LargeBinary),
    Column("leaf_hash", LargeBinary),
)

release_log_nodes = Table(
    "release_log_nodes",
    metadata,
    Column("level", Integer, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("hash", LargeBinary),
)

release_log_checkpoints = Table(
    "release_log_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True),
    Column("note", Text),
    Column("verifying_key", Text),
    Column("at", DateTime(timezone=True)),
)

release_rollouts = Table(
    "release_rollouts",
    metadata,
    Column("release_id", Uuid, primary_key=True),
    Column("percent", Integer),
    Column("security", Boolean),
    Column("changed_at", DateTime(timezone=True)),
)

kill_lists = Table(
    "kill_lists",
    metadata,
    Column("only_one", Boolean, primary_key=True),
    Column("serial", BigInteger),
    Column("note", Text),
    Column("verifying_key", Text),
    Column("signed_at", DateTime(timezone=True)),
)

imported_kill_lists = Table(
    "imported_kill_lists",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("serial", BigInteger),
    Column("made_at", Text),
    Column("digest", Text),
    Column("verifying_key", Text),
    Column("imported_at", DateTime(timezone=True)),
)

imported_kills = Table(
    "imported_kills",
    metadata,
    Column("origin", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("package_sha256", Text),
    Column("component_sha256", Text),
    Column("plugin", Text),
    Column("version", Text),
    Column("reason", Text),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("publisher_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("name", Text),
    Column("public_key", LargeBinary),
    Column("created_at", DateTime(timezone=True)),
    Column("created_by", Uuid),
    Column("revoked_at", DateTime(timezone=True)),
)

trusted_publishers = Table(
    "trusted_publishers",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid),
    Column("plugin_id", Text),
    Column("issuer", Text),
    Column("repository", Text),
    Column("workflow", Text),
    Column("environment", Text),
    Column("repository_id", Text),
    Column("service_id", Uuid),
    Column("created_at", DateTime(timezone=True)),
    Column("created_by", Uuid),
)

used_identity_tokens = Table(
    "used_identity_tokens",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("token_id", Text, primary_key=True),
    Column("expires_at", DateTime(timezone=True)),
)

plugin_advisories = Table(
    "plugin_advisories",
    metadata,
    Column("id", Text, primary_key=True),
    Column("plugin_id", Text),
    Column("severity", Text),
    Column("title", Text),
    Column("details", Text),
    Column("affected", Text),
    Column("fixed", Text),
    Column("links", ARRAY(Text)),
    Column("by_staff", Boolean),
    Column("filed_by", Uuid),
    Column("filed_at", DateTime(timezone=True)),
    Column("changed_at", DateTime(timezone=True)),
    Column("withdrawn_at", DateTime(timezone=True)),
    Column("withdrawn_reason", Text),
)

plugin_advisory_intervals = Table(
    "plugin_advisory_intervals",
    metadata,
    Column("advisory_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("lower", Text),
    Column("upper", Text),
)
