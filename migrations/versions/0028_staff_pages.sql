-- Closed tenants: nobody acts in one any more. What it has stays for as long as retention says.

alter table tenants add column closed_at timestamptz;

-- A tenant's people write their own row (its policies); whether it is open is not theirs to say.
create function tenants_keep_closed() returns trigger language plpgsql as $$
begin
  if new.closed_at is distinct from old.closed_at and current_user = 'aei_app' and not aei_staff() then
    raise exception 'only staff close and open tenants' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger closed_by_staff before update of closed_at on tenants
  for each row execute function tenants_keep_closed();

alter table sessions drop constraint sessions_ended_by_check;
alter table sessions add constraint sessions_ended_by_check check (
  ended_by in ('sign_out', 'revoked', 'replaced', 'password', 'membership', 'account', 'tenant'));

-- Closing ends tokens and sessions. So that nothing which slipped past it opens anything, the looks at who
-- stands behind a secret count the tenant's end as theirs too.
create or replace function authenticate(token_hash bytea)
returns table (token_id uuid, user_id uuid, kind text, name text, tenant_id uuid, tenant_slug text,
               tenant_actions text[], staff_actions text[], scopes text[],
               expires_at timestamptz, revoked_at timestamptz, disabled_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.id, u.id, u.kind, u.name, t.tenant_id, n.slug,
    array(select distinct a from public.memberships m join public.roles r on r.id = m.role_id, unnest(r.actions) a
          where m.user_id = u.id and m.tenant_id = t.tenant_id),
    array(select distinct a from public.staff s join public.roles r on r.id = s.role_id, unnest(r.actions) a
          where s.user_id = u.id),
    t.scopes, t.expires_at, coalesce(t.revoked_at, n.closed_at), u.disabled_at
  from public.tokens t join public.users u on u.id = t.user_id left join public.tenants n on n.id = t.tenant_id
  where t.hash = token_hash
$$;

create or replace function authenticate_session(session_hash bytea)
returns table (session_id uuid, user_id uuid, name text, tenant_id uuid, tenant_slug text,
               tenant_actions text[], staff_actions text[], created_at timestamptz, seen_at timestamptz,
               proven_at timestamptz, expires_at timestamptz, ended_at timestamptz, disabled_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select s.id, u.id, u.name, s.tenant_id, n.slug,
    array(select distinct a from public.memberships m join public.roles r on r.id = m.role_id, unnest(r.actions) a
          where m.user_id = u.id and m.tenant_id = s.tenant_id),
    array(select distinct a from public.staff f join public.roles r on r.id = f.role_id, unnest(r.actions) a
          where f.user_id = u.id),
    s.created_at, s.seen_at, s.proven_at, s.expires_at, coalesce(s.ended_at, n.closed_at), u.disabled_at
  from public.sessions s join public.users u on u.id = s.user_id left join public.tenants n on n.id = s.tenant_id
  where s.hash = session_hash
$$;

create or replace function identify(wanted_user uuid, wanted_tenant uuid)
returns table (user_id uuid, kind text, name text, tenant_id uuid, tenant_slug text,
               tenant_actions text[], staff_actions text[], disabled_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select u.id, u.kind, u.name, n.id, n.slug,
    array(select distinct a from public.memberships m join public.roles r on r.id = m.role_id, unnest(r.actions) a
          where m.user_id = u.id and m.tenant_id = n.id),
    array(select distinct a from public.staff s join public.roles r on r.id = s.role_id, unnest(r.actions) a
          where s.user_id = u.id),
    coalesce(u.disabled_at, n.closed_at)
  from public.users u left join public.tenants n on n.id = wanted_tenant where u.id = wanted_user
$$;

-- Nobody signs in to a closed tenant, and nobody names one in an audience or offers it a namespace.
create or replace function password_of(wanted_email text)
returns table (user_id uuid, password_hash text, disabled_at timestamptz, tenants jsonb, is_staff boolean,
               has_passkey boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
  select u.id, u.password_hash, u.disabled_at,
    coalesce((select jsonb_object_agg(n.slug, n.id) from public.memberships m join public.tenants n on n.id = m.tenant_id
              where m.user_id = u.id and n.closed_at is null), '{}'),
    exists (select from public.staff s where s.user_id = u.id),
    exists (select from public.passkeys p where p.user_id = u.id)
  from public.users u where u.email = lower(wanted_email) and u.kind = 'user'
$$;

create or replace function catalog_tenants_by_slug(wanted text[]) returns table (id uuid, slug text, name text)
language sql stable security definer set search_path = pg_catalog, public as $$
  select t.id, t.slug, t.name from public.tenants t
  where t.slug = any(wanted) and cardinality(wanted) <= 100 and t.closed_at is null
$$;

-- What failed of a publisher's plugins. Its own tenant's runs are counted exactly. Those of others are told only
-- where at least three other tenants met the same, as a number rounded down to its first digit (0: fewer than ten),
-- and never with anything that they typed, sent or got. This is the one look of a publisher across tenants, so the
-- withholding is done here, where no mistake of a caller can leave it out.
create index executions_failed on executions (plugin_id, id desc) where outcome in
  ('guest_error', 'trap', 'cpu_limit', 'wall_limit', 'memory_limit', 'output_limit', 'host_call_limit', 'denied',
   'sandbox_violation');
create function executions_failures(since uuid)
returns table (plugin_id text, version text, outcome text, permission text, own bigint, elsewhere bigint,
               first_day date, last_day date)
language sql stable security definer set search_path = pg_catalog, public as $$
  with failed as (
    select p.id as plugin_id, e.version, e.outcome, e.tenant_id, e.permission, e.day,
           e.tenant_id = public.aei_tenant() as mine
    from public.plugins p cross join lateral (
      select x.version, x.outcome, x.tenant_id, (x.started_at at time zone 'UTC')::date as day,
             case when x.outcome = 'denied' then
               (select d from (select x.permissions -> 'denied' -> 0 ->> 'permission' as d) first
                where d in ('network', 'filesystem', 'secrets', 'models', 'plugins')) end as permission
      from public.executions x
      where x.plugin_id = p.id and x.id >= since and x.mode <> 'replay' and x.outcome in
        ('guest_error', 'trap', 'cpu_limit', 'wall_limit', 'memory_limit', 'output_limit', 'host_call_limit',
         'denied', 'sandbox_violation')
      order by x.id desc limit 10000
    ) e
    where p.owner_tenant = public.aei_tenant()
  ), counted as (
    select f.plugin_id, f.version, f.outcome, f.permission,
           count(*) filter (where mine) as own, count(*) filter (where not mine) as others,
           count(distinct tenant_id) filter (where not mine) >= 3 as told,
           min(day) filter (where mine) as own_first, max(day) filter (where mine) as own_last,
           min(day) as any_first, max(day) as any_last
    from failed f group by f.plugin_id, f.version, f.outcome, f.permission
  )
  select c.plugin_id, c.version, c.outcome, c.permission, c.own,
         case when not c.told then null when c.others < 10 then 0
              else c.others - c.others % (10 ^ (length(c.others::text) - 1))::bigint end,
         case when c.told then c.any_first else c.own_first end,
         case when c.told then c.any_last else c.own_last end
  from counted c where c.told or c.own > 0
$$;
revoke execute on function executions_failures(uuid) from public;
grant execute on function executions_failures(uuid) to aei_app;

-- What somebody decided in a dialog, until what they asked for has succeeded or a week is over: an attempt that
-- failed is tried again with the same ticks. Configuration is not kept here, for it may hold anything.
create table installation_wishes (
  operation_id uuid primary key references operations on delete cascade,
  tenant_id uuid not null references tenants,
  plugin_id text not null,
  version text,
  channel text,
  grants jsonb,
  along jsonb,
  created_at timestamptz not null
);
create index on installation_wishes (created_at);
call aei_isolate('installation_wishes', 'tenant_id = aei_tenant()');
