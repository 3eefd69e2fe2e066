-- Claims, members and proofs of publishers, and quotas.

-- ---------------------------------------------------------------- names that look alike

-- What is left of a name for an eye that reads quickly, as `catalog/rules/likeness.py` has it.
create function name_skeleton(name text) returns text language sql immutable strict parallel safe
  return translate(replace(replace(translate(name, '-._', ''), 'rn', 'm'), 'vv', 'w'), '0i152', 'ollsz');
alter table namespaces add column skeleton text generated always as (name_skeleton(name)) stored;
create index on namespaces (skeleton);
-- The most installed plugins, which new names are held against.
create index plugins_popular on plugins (installs desc, id) where visibility = 'public' and listed_at is not null;

-- Names that were refused, and that a publisher asked staff for. A granted namespace stands in `namespaces`.
create table name_claims (
  case_id uuid primary key references cases,
  tenant_id uuid not null references tenants,
  publisher_id uuid not null references publishers,
  name text not null check (name ~ '^[a-z][a-z0-9-]{0,38}(\.[a-z][a-z0-9-]{0,62})?$'),
  likeness text not null,
  resembles text not null,
  words text not null check (length(words) between 1 and 2000),
  created_at timestamptz not null,
  granted_at timestamptz
);
create index on name_claims (publisher_id, name) where granted_at is not null;
call aei_isolate('name_claims', 'tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');
alter policy app_adds on name_claims
  with check (tenant_id = aei_tenant() and granted_at is null);
revoke delete on name_claims from aei_app;

-- ---------------------------------------------------------------- verified publishers

-- Domains by which a publisher proves who it is. Named jobs alone move a proof on; the token is public by its nature.
create table publisher_domains (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  publisher_id uuid not null references publishers,
  domain text not null check (length(domain) between 4 and 253),
  method text not null check (method in ('dns', 'file')),
  token text not null unique check (length(token) between 32 and 64),
  state text not null check (state in ('waiting', 'verified', 'lapsed', 'failed')),
  problem text,
  created_at timestamptz not null,
  checked_at timestamptz,
  expires_at timestamptz not null,  -- waiting: until when it is looked for; verified: until when it counts unseen
  next_check_at timestamptz,  -- null: never again
  check ((state in ('waiting', 'verified')) = (next_check_at is not null))
);
create unique index on publisher_domains (publisher_id, domain) where state in ('waiting', 'verified');
create index on publisher_domains (next_check_at) where next_check_at is not null;
call aei_isolate('publisher_domains', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');
alter policy app_adds on publisher_domains
  with check (tenant_id = aei_tenant() and state = 'waiting'
              and exists (select from publishers b where b.id = publisher_id and b.tenant_id = aei_tenant()));
revoke update on publisher_domains from aei_app;

-- ---------------------------------------------------------------- feeds

create index plugins_newest on plugins (listed_at desc, id) where visibility = 'public' and listed_at is not null;
create index releases_newest on releases (listed_at desc, id) where listed_at is not null;

-- ---------------------------------------------------------------- quotas

-- What staff allow one publisher in the place of the operator's defaults; null keeps the default.
create table publisher_quotas (
  publisher_id uuid primary key references publishers,
  tenant_id uuid not null references tenants,
  storage_bytes bigint check (storage_bytes >= 0),
  releases bigint check (releases >= 0),
  releases_per_hour bigint check (releases_per_hour >= 0),
  updated_at timestamptz not null
);
call aei_isolate('publisher_quotas', 'tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');
