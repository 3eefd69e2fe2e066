-- Three roles: aei_owner runs migrations, aei_app serves requests under row-level security,
-- aei_system runs named jobs across tenants. None of them may bypass policies; each table says
-- which rows each role sees.

-- The request's identity, set at the start of each transaction.
create function aei_tenant() returns uuid language sql stable parallel safe
  return nullif(current_setting('aei.tenant', true), '')::uuid;
create function aei_staff() returns boolean language sql stable parallel safe
  return coalesce(current_setting('aei.staff', true), '') = 'on';
create function aei_actor() returns uuid language sql stable parallel safe
  return nullif(current_setting('aei.actor', true), '')::uuid;

-- Isolates a table: what the app role may see and write is the given condition; the owner
-- (migrations, definer functions) and named jobs see all.
create procedure aei_isolate(target regclass, visible text, writable text default null) language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy owner_sees_all on %s to aei_owner using (true) with check (true)', target);
  execute format('create policy system_sees_all on %s to aei_system using (true) with check (true)', target);
  execute format('create policy app_sees on %s for select to aei_app using (%s)', target, visible);
  execute format('create policy app_adds on %s for insert to aei_app with check (%s)', target, coalesce(writable, visible));
  execute format('create policy app_changes on %s for update to aei_app using (%s) with check (%s)',
                 target, coalesce(writable, visible), coalesce(writable, visible));
  execute format('create policy app_deletes on %s for delete to aei_app using (%s)', target, coalesce(writable, visible));
end $$;

-- Refuses every change of what was written.
create function aei_append_only() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;

create procedure aei_make_append_only(target regclass) language plpgsql as $$
begin
  execute format('create trigger append_only before update or delete on %s
                  for each row execute function aei_append_only()', target);
  execute format('create trigger append_only_whole before truncate on %s
                  for each statement execute function aei_append_only()', target);
  execute format('revoke update, delete, truncate on %s from aei_app, aei_system', target);
end $$;

grant usage on schema public to aei_app, aei_system;
alter default privileges in schema public grant select, insert, update, delete on tables to aei_app, aei_system;
alter default privileges in schema public grant usage, select on sequences to aei_app, aei_system;
alter default privileges in schema public grant execute on functions to aei_app, aei_system;

-- ---------------------------------------------------------------- accounts

create table tenants (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z][a-z0-9-]{0,38}$'),
  name text not null check (length(name) between 1 and 120),
  policies jsonb not null default '{}',
  created_at timestamptz not null
);
call aei_isolate('tenants', 'id = aei_tenant() or aei_staff()', 'aei_staff() or id = aei_tenant()');

create table users (
  id uuid primary key,
  kind text not null check (kind in ('user', 'service')),
  email text unique check (email = lower(email)),
  name text not null check (length(name) between 1 and 120),
  password_hash text,
  created_at timestamptz not null,
  disabled_at timestamptz
);

create table roles (
  id uuid primary key,
  realm text not null check (realm in ('tenant', 'staff')),
  tenant_id uuid references tenants,  -- null: built in, for every tenant
  name text not null check (length(name) between 1 and 60),
  actions text[] not null,
  unique nulls not distinct (realm, tenant_id, name),
  check (realm = 'tenant' or tenant_id is null)
);
call aei_isolate('roles', 'tenant_id is null or tenant_id = aei_tenant() or aei_staff()',
                 '(realm = ''tenant'' and tenant_id = aei_tenant()) or aei_staff()');

create table memberships (
  user_id uuid not null references users on delete cascade,
  tenant_id uuid not null references tenants,
  role_id uuid not null references roles,
  created_at timestamptz not null,
  primary key (user_id, tenant_id, role_id)
);
create index on memberships (tenant_id);
call aei_isolate('memberships', 'tenant_id = aei_tenant() or aei_staff()');

create table staff (
  user_id uuid not null references users on delete cascade,
  role_id uuid not null references roles,
  created_at timestamptz not null,
  primary key (user_id, role_id)
);
call aei_isolate('staff', 'aei_staff()');

-- A user is seen by the tenants they belong to, by staff, and by themselves.
call aei_isolate('users',
  'aei_staff() or id = aei_actor() or exists (select from memberships m where m.user_id = id and m.tenant_id = aei_tenant())',
  'aei_staff() or id = aei_actor() or aei_tenant() is not null');

create table tokens (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  tenant_id uuid references tenants,  -- null: a staff token
  name text not null check (length(name) between 1 and 120),
  hash bytea not null unique check (length(hash) = 32),
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index on tokens (user_id);
call aei_isolate('tokens', 'tenant_id = aei_tenant() or (user_id = aei_actor() and tenant_id is null) or aei_staff()');

-- Who stands behind a token, before a tenant is known. The one look across tenants that requests
-- make; it answers only to the hash of a secret of 256 bits.
create function authenticate(token_hash bytea)
returns table (token_id uuid, user_id uuid, kind text, name text, tenant_id uuid, tenant_slug text,
               tenant_actions text[], staff_actions text[], scopes text[],
               expires_at timestamptz, revoked_at timestamptz, disabled_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.id, u.id, u.kind, u.name, t.tenant_id, n.slug,
    array(select distinct a from public.memberships m join public.roles r on r.id = m.role_id, unnest(r.actions) a
          where m.user_id = u.id and m.tenant_id = t.tenant_id),
    array(select distinct a from public.staff s join public.roles r on r.id = s.role_id, unnest(r.actions) a
          where s.user_id = u.id),
    t.scopes, t.expires_at, t.revoked_at, u.disabled_at
  from public.tokens t join public.users u on u.id = t.user_id left join public.tenants n on n.id = t.tenant_id
  where t.hash = token_hash
$$;

-- The same for a job that acts for somebody later: by id instead of by secret.
create function identify(wanted_user uuid, wanted_tenant uuid)
returns table (user_id uuid, kind text, name text, tenant_id uuid, tenant_slug text,
               tenant_actions text[], staff_actions text[], disabled_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select u.id, u.kind, u.name, n.id, n.slug,
    array(select distinct a from public.memberships m join public.roles r on r.id = m.role_id, unnest(r.actions) a
          where m.user_id = u.id and m.tenant_id = n.id),
    array(select distinct a from public.staff s join public.roles r on r.id = s.role_id, unnest(r.actions) a
          where s.user_id = u.id),
    u.disabled_at
  from public.users u left join public.tenants n on n.id = wanted_tenant where u.id = wanted_user
$$;
revoke execute on function authenticate(bytea), identify(uuid, uuid) from public;
revoke execute on function identify(uuid, uuid) from aei_app;

-- A password is checked before anybody is signed in.
create function password_of(wanted_email text)
returns table (user_id uuid, password_hash text, disabled_at timestamptz, tenants jsonb, is_staff boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
  select u.id, u.password_hash, u.disabled_at,
    coalesce((select jsonb_object_agg(n.slug, n.id) from public.memberships m join public.tenants n on n.id = m.tenant_id
              where m.user_id = u.id), '{}'),
    exists (select from public.staff s where s.user_id = u.id)
  from public.users u where u.email = lower(wanted_email) and u.kind = 'user'
$$;
revoke execute on function password_of(text) from public;

-- ---------------------------------------------------------------- audit

create table audit_entries (
  id uuid primary key,
  at timestamptz not null,
  tenant_id uuid,
  actor_kind text not null,
  actor_id uuid,
  action text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  resource_type text not null,
  resource_id text not null,
  outcome text not null,
  trace_id text not null,
  content bytea not null,
  leaf_hash bytea not null check (length(leaf_hash) = 32)
);
create index on audit_entries (tenant_id, id desc);
create index on audit_entries (resource_id, id desc);
create index on audit_entries (actor_id, id desc) where actor_id is not null;
call aei_isolate('audit_entries', 'tenant_id = aei_tenant() or aei_staff()',
                 'tenant_id is not distinct from aei_tenant() or aei_staff()');
call aei_make_append_only('audit_entries');

-- What the sequencer has not yet put into the tree.
create table audit_pending (
  position bigint generated always as identity primary key,
  entry_id uuid not null
);
revoke select, update, delete on audit_pending from aei_app;
call aei_isolate('audit_pending', 'false', 'true');

-- The tree of RFC 6962: leaves in order, hashes of complete subtrees, and the heads.
create table audit_leaves (
  sequence bigint primary key,
  entry_id uuid not null unique references audit_entries,
  leaf_hash bytea not null
);
create table audit_nodes (
  level integer not null,
  position bigint not null,
  hash bytea not null,
  primary key (level, position)
);
create table audit_heads (
  size bigint primary key,
  root bytea not null,
  at timestamptz not null
);
revoke insert on audit_leaves, audit_nodes, audit_heads from aei_app;
call aei_isolate('audit_leaves',
  'aei_staff() or exists (select from audit_entries e where e.id = entry_id and e.tenant_id = aei_tenant())', 'false');
call aei_make_append_only('audit_leaves');
call aei_make_append_only('audit_nodes');
call aei_make_append_only('audit_heads');

-- Personal data that entries commit to. The one part of the log that can be erased.
create table audit_personal (
  entry_id uuid not null references audit_entries,
  name text not null,
  value text not null check (length(value) <= 10000),
  key bytea not null check (length(key) = 32),
  primary key (entry_id, name)
);
revoke update on audit_personal from aei_app, aei_system;
revoke delete on audit_personal from aei_app;
call aei_isolate('audit_personal',
  'aei_staff() or exists (select from audit_entries e where e.id = entry_id and e.tenant_id = aei_tenant())',
  'true');  -- visitors' entries are invisible to visitors, and still have openings

create function audit_append(
  id uuid, at timestamptz, tenant uuid, actor_kind text, actor_id uuid, action text, resource_type text,
  resource_id text, outcome text, trace_id text, content bytea, leaf_hash bytea)
returns void language sql as $$
  insert into audit_entries values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);
  insert into audit_pending (entry_id) values ($1);
$$;

-- The same for several entries at once, in their order.
create function audit_append_all(
  ids uuid[], times timestamptz[], tenants uuid[], actor_kinds text[], actor_ids uuid[], actions text[],
  resource_types text[], resource_ids text[], outcomes text[], trace_ids text[], contents bytea[],
  leaf_hashes bytea[])
returns void language sql as $$
  insert into audit_entries select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);
  insert into audit_pending (entry_id) select * from unnest($1);
$$;

-- ---------------------------------------------------------------- requests sent twice

create table idempotency_keys (
  actor_id uuid not null,
  route text not null,
  key text not null check (length(key) between 1 and 200),
  tenant_id uuid,
  body_hash bytea not null,
  status integer,  -- null while the first request is still being answered
  media_type text,
  body bytea,
  created_at timestamptz not null,
  primary key (actor_id, route, key)
);
create index on idempotency_keys (created_at);
call aei_isolate('idempotency_keys', 'actor_id = aei_actor()');
