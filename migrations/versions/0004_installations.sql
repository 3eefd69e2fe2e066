create table installations (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  plugin_id text not null references plugins,
  release_id uuid not null references releases,
  version text not null,
  channel text not null check (channel in ('stable', 'preview')),
  pinned boolean not null,
  enabled boolean not null,
  grants jsonb not null check (jsonb_typeof(grants) = 'object'),
  config jsonb not null check (jsonb_typeof(config) = 'object'),
  policy jsonb not null check (jsonb_typeof(policy) = 'object'),
  installed_by uuid not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  removed_at timestamptz,
  purge_after timestamptz,  -- when configuration and grants of a removed installation are forgotten
  purged_at timestamptz,
  check ((removed_at is null) = (purge_after is null)),
  check (purged_at is null or removed_at is not null)
);
-- A tenant has one live installation of a plugin: the second of two that race finds the place taken.
create unique index installations_live on installations (tenant_id, plugin_id) where removed_at is null;
create index on installations (tenant_id, plugin_id, removed_at desc);
create index on installations (release_id) where removed_at is null;
create index on installations (purge_after) where purged_at is null;
call aei_isolate('installations', 'tenant_id = aei_tenant()');
revoke delete on installations from aei_app;
