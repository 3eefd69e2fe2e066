-- The public log of releases (docs/adr), signatures and trusted publishing.

-- ---------------------------------------------------------------- the public log

-- What the sequencer has not yet put into the tree.
create table release_log_pending (
  position bigint generated always as identity primary key,
  release_id uuid not null references releases,
  content bytea not null check (length(content) between 1 and 4096),
  leaf_hash bytea not null check (length(leaf_hash) = 32)
);

-- The tree of RFC 6962: leaves in order, hashes of complete subtrees, and its signed heads.
create table release_log_leaves (
  leaf_index bigint primary key,
  release_id uuid not null references releases,
  content bytea not null,
  leaf_hash bytea not null
);
create index on release_log_leaves (release_id, leaf_index);
create table release_log_nodes (
  level integer not null,
  position bigint not null,
  hash bytea not null,
  primary key (level, position)
);
create table release_log_checkpoints (
  size bigint primary key,
  note text not null,          -- C2SP signed note
  verifying_key text not null, -- name+id+base64
  at timestamptz not null
);

-- A leaf can never be taken back, so that no process, not even a named job, may write one about what
-- is not public.
create function release_log_takes_public_only() returns trigger language plpgsql as $$
begin
  if not exists (select from releases r join plugins p on p.id = r.plugin_id
                 where r.id = new.release_id and r.listed_at is not null and p.visibility = 'public') then
    raise exception 'release % is not public', new.release_id using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger public_only before insert on release_log_pending
  for each row execute function release_log_takes_public_only();

revoke select, update, delete, truncate on release_log_pending from aei_app;
call aei_isolate('release_log_pending', 'false', $$
  exists (select from releases r join plugins p on p.id = r.plugin_id
          where r.id = release_id and (p.owner_tenant = aei_tenant() or aei_staff()))
$$);

-- The log itself is for everybody to read.
revoke insert on release_log_leaves, release_log_nodes, release_log_checkpoints from aei_app;
call aei_make_append_only('release_log_leaves');
call aei_make_append_only('release_log_nodes');
call aei_make_append_only('release_log_checkpoints');

-- ---------------------------------------------------------------- signatures

alter table publishers add column signatures_required boolean not null default false;
-- The key whose signature was verified when the release was published.
alter table releases add column signer text check (signer ~ '^[0-9a-f]{64}$');

create table signing_keys (
  id text not null check (id ~ '^[0-9a-f]{64}$'),  -- SHA-256 of the key's SubjectPublicKeyInfo
  publisher_id uuid not null references publishers,
  tenant_id uuid not null references tenants,
  name text not null check (length(name) between 1 and 120),
  public_key bytea not null check (length(public_key) = 32),
  created_at timestamptz not null,
  created_by uuid,
  revoked_at timestamptz,
  primary key (publisher_id, id)
);
-- Whoever may see a publisher may check what it signed.
call aei_isolate('signing_keys',
  'tenant_id = aei_tenant() or aei_staff() or exists (select from publishers b where b.id = publisher_id)',
  'tenant_id = aei_tenant()');
revoke delete, truncate on signing_keys from aei_app;

-- ---------------------------------------------------------------- trusted publishing

create table trusted_publishers (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  plugin_id text not null check (plugin_id ~ '^[a-z][a-z0-9-]{0,38}\.[a-z][a-z0-9-]{0,62}$'),
  issuer text not null check (length(issuer) between 1 and 300),
  repository text not null check (length(repository) between 1 and 300),
  workflow text not null check (length(workflow) between 1 and 300),
  environment text check (length(environment) between 1 and 300),
  -- Set by the first exchange: a repository that was deleted and made anew by somebody else has another.
  repository_id text check (length(repository_id) between 1 and 300),
  service_id uuid references users,  -- the service account that publishes, made by the first exchange
  created_at timestamptz not null,
  created_by uuid,
  unique nulls not distinct (tenant_id, plugin_id, issuer, repository, workflow, environment)
);
create index on trusted_publishers (plugin_id);
call aei_isolate('trusted_publishers', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');

-- Identity tokens that were exchanged, until they expire: each works once.
create table used_identity_tokens (
  issuer text not null,
  token_id text not null,
  expires_at timestamptz not null,
  primary key (issuer, token_id)
);
create index on used_identity_tokens (expires_at);
revoke all on used_identity_tokens from aei_app;
call aei_isolate('used_identity_tokens', 'false', 'false');
