-- Policies below look into one another in one direction only, because PostgreSQL refuses circles:
-- release_states, release_compatibility -> releases -> plugins -> plugin_audiences,
-- and namespaces -> publishers -> plugins.

create table publishers (
  id uuid primary key,
  tenant_id uuid not null unique references tenants,
  name text not null check (length(name) between 1 and 120),
  verified_at timestamptz,
  created_at timestamptz not null
);

create table namespaces (
  name text primary key check (name ~ '^[a-z][a-z0-9-]{0,38}$'),
  publisher_id uuid not null references publishers,
  created_at timestamptz not null
);
create index on namespaces (publisher_id);

-- Orders the changes of listings, for indexes that follow them.
create sequence plugin_changes;

create table plugins (
  id text primary key check (id ~ '^[a-z][a-z0-9-]{0,38}\.[a-z][a-z0-9-]{0,62}$'),
  namespace text not null references namespaces,
  publisher_id uuid not null references publishers,
  owner_tenant uuid not null references tenants,
  visibility text not null check (visibility in ('public', 'private')),
  -- What the listing shows, copied from the release in latest_shown.
  name text not null,
  description text not null,
  kind text not null,
  categories text[] not null,
  keywords text[] not null,
  permissions text[] not null,
  pricing_model text not null,
  latest_stable uuid,   -- highest offered release of the stable channel
  latest_preview uuid,  -- highest offered release of either channel
  latest_shown uuid,    -- the release that the listing describes
  listed_at timestamptz,  -- null until a release of it was listed: nobody else sees it before
  installs integer not null default 0 check (installs >= 0),
  rating_sum bigint not null default 0,
  rating_count integer not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  change_sequence bigint not null default nextval('plugin_changes'),
  search tsvector not null default '',
  unique (id, owner_tenant)
);
create index on plugins (publisher_id);
create index on plugins (owner_tenant);
create index on plugins (change_sequence);
create index on plugins using gin (search);
create index on plugins using gin (categories);

-- The tenants that a private plugin names besides its owner.
create table plugin_audiences (
  plugin_id text not null,
  tenant_id uuid not null references tenants,
  -- Stands here so that this policy need not ask plugins, and is the owner's because the key below says so.
  owner_tenant uuid not null,
  primary key (plugin_id, tenant_id),
  foreign key (plugin_id, owner_tenant) references plugins (id, owner_tenant) on update cascade
);
create index on plugin_audiences (tenant_id);

create table releases (
  id uuid primary key,
  plugin_id text not null references plugins,
  version text not null check (length(version) between 5 and 64),
  channel text not null check (channel in ('stable', 'preview')),
  -- Sorts as SemVer 2.0.0 orders versions; build metadata has no say, so it can't tell two releases apart.
  precedence text collate "C" not null,
  state text not null check (state in
    ('processing', 'held', 'listed', 'deprecated', 'yanked', 'quarantined', 'blocked', 'removed')),
  state_reason text,
  state_changed_at timestamptz not null,
  replacement text,
  listed_at timestamptz,  -- when it was first listed: from then on its story is public
  package_sha256 text not null check (package_sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint not null check (size_bytes > 0),
  component_sha256 text not null check (component_sha256 ~ '^[0-9a-f]{64}$'),
  component_size bigint not null check (component_size > 0),
  manifest jsonb not null,
  aei_range text not null,
  readme text,
  changelog text,
  signature bytea,
  published_by uuid,
  published_at timestamptz not null,
  log_index bigint,
  unique (plugin_id, version),
  unique (plugin_id, precedence)
);
create index on releases (component_sha256);
create index on releases (package_sha256);
create index on releases (state) where state in ('processing', 'held');

alter table plugins add foreign key (latest_stable) references releases;
alter table plugins add foreign key (latest_preview) references releases;
alter table plugins add foreign key (latest_shown) references releases;

-- The AEI versions that a release supports: half-open intervals of precedence keys. A pre-release
-- of AEI counts only where the range names one of the same major.minor.patch, as npm has it.
create table release_compatibility (
  release_id uuid not null references releases,
  position integer not null,
  lower text collate "C" not null,
  upper text collate "C" not null,
  prerelease_cores text[] not null,
  primary key (release_id, position)
);

create table release_states (
  release_id uuid not null references releases,
  position integer not null,
  state text not null,
  reason text,
  replacement text,
  actor_id uuid,
  at timestamptz not null,
  primary key (release_id, position)
);

-- ---------------------------------------------------------------- who sees what

call aei_isolate('plugin_audiences',
  'tenant_id = aei_tenant() or owner_tenant = aei_tenant() or aei_staff()',
  'owner_tenant = aei_tenant() or aei_staff()');

call aei_isolate('plugins', $$
  owner_tenant = aei_tenant() or aei_staff()
  or (listed_at is not null and (visibility = 'public' or exists (
        select from plugin_audiences a where a.plugin_id = plugins.id and a.tenant_id = aei_tenant())))
$$, 'owner_tenant = aei_tenant() or aei_staff()');

call aei_isolate('releases', $$
  exists (select from plugins p where p.id = releases.plugin_id
          and (releases.listed_at is not null or p.owner_tenant = aei_tenant() or aei_staff()))
$$, $$
  exists (select from plugins p where p.id = releases.plugin_id and (p.owner_tenant = aei_tenant() or aei_staff()))
$$);

call aei_isolate('release_compatibility',
  'exists (select from releases r where r.id = release_compatibility.release_id)', $$
  exists (select from releases r join plugins p on p.id = r.plugin_id
          where r.id = release_compatibility.release_id and (p.owner_tenant = aei_tenant() or aei_staff()))
$$);

call aei_isolate('release_states',
  'exists (select from releases r where r.id = release_states.release_id)', $$
  exists (select from releases r join plugins p on p.id = r.plugin_id
          where r.id = release_states.release_id and (p.owner_tenant = aei_tenant() or aei_staff()))
$$);

call aei_isolate('publishers',
  'tenant_id = aei_tenant() or aei_staff() or exists (select from plugins p where p.publisher_id = publishers.id)',
  'tenant_id = aei_tenant() or aei_staff()');

call aei_isolate('namespaces',
  'exists (select from publishers b where b.id = namespaces.publisher_id)',
  'aei_staff() or exists (select from publishers b where b.id = namespaces.publisher_id and b.tenant_id = aei_tenant())');

-- ---------------------------------------------------------------- what never changes

-- A release is what it was when it was published: only its state moves, and its place in the log is set once.
create function releases_are_immutable() returns trigger language plpgsql as $$
declare kept releases := new;
begin
  kept.state := old.state;
  kept.state_reason := old.state_reason;
  kept.state_changed_at := old.state_changed_at;
  kept.replacement := old.replacement;
  if old.listed_at is null then kept.listed_at := null; end if;
  if old.log_index is null then kept.log_index := null; end if;
  if kept is distinct from old then
    raise exception 'release % of % is immutable', old.version, old.plugin_id using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger immutable before update on releases for each row execute function releases_are_immutable();
create trigger immutable_delete before delete on releases for each row execute function aei_append_only();
create trigger immutable_whole before truncate on releases for each statement execute function aei_append_only();
revoke delete, truncate on releases from aei_app, aei_system;

call aei_make_append_only('release_compatibility');
call aei_make_append_only('release_states');

-- An installing tenant may not write the listing, and still counts there, one at a time.
create function catalog_change_installs(wanted_plugin text, delta integer) returns void
language sql security definer set search_path = pg_catalog, public as $$
  update public.plugins
     set installs = greatest(0, installs + sign(delta)::integer), change_sequence = nextval('public.plugin_changes')
   where id = wanted_plugin
$$;
revoke execute on function catalog_change_installs(text, integer) from public;

-- A publisher names an audience by slug, and is named after its tenant, without a list of all tenants.
create function catalog_tenants_by_slug(wanted text[]) returns table (id uuid, slug text, name text)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.id, t.slug, t.name from public.tenants t where t.slug = any(wanted) and cardinality(wanted) <= 100
$$;
revoke execute on function catalog_tenants_by_slug(text[]) from public;
