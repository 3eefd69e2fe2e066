-- What is wrong with releases of a plugin, told by its publisher or by staff to those who run them.

create table plugin_advisories (
  id text primary key check (id ~ '^AEI(-[23456789cfghjmpqrvwx]{4}){3}$'),
  plugin_id text not null references plugins,
  severity text not null check (severity in ('low', 'moderate', 'high', 'critical')),
  title text not null check (length(title) between 1 and 200),
  details text not null check (length(details) between 1 and 10000),
  affected text not null check (length(affected) between 1 and 200),  -- npm-style range
  fixed text check (length(fixed) between 5 and 64),
  links text[] not null check (cardinality(links) <= 10),
  by_staff boolean not null,       -- what staff filed, the publisher does not change
  filed_by uuid,
  filed_at timestamptz not null,
  changed_at timestamptz not null,
  withdrawn_at timestamptz,
  withdrawn_reason text check (length(withdrawn_reason) between 1 and 2000),
  check ((withdrawn_at is null) = (withdrawn_reason is null))
);
create index on plugin_advisories (plugin_id);
create index on plugin_advisories (filed_at desc, id);

-- The affected range as half-open intervals of precedence keys, so that releases are found without reading ranges.
-- Pre-releases count as what they are in the order: a weakness does not ask whether a range names them.
create table plugin_advisory_intervals (
  advisory_id text not null references plugin_advisories,
  position integer not null,
  lower text collate "C" not null,
  upper text collate "C" not null,
  primary key (advisory_id, position)
);

call aei_isolate('plugin_advisories',
  'exists (select from plugins p where p.id = plugin_advisories.plugin_id)', $$
  exists (select from plugins p where p.id = plugin_advisories.plugin_id
          and (aei_staff() or (p.owner_tenant = aei_tenant() and not plugin_advisories.by_staff)))
$$);
revoke delete, truncate on plugin_advisories from aei_app;

call aei_isolate('plugin_advisory_intervals',
  'exists (select from plugin_advisories a where a.id = plugin_advisory_intervals.advisory_id)', $$
  exists (select from plugin_advisories a join plugins p on p.id = a.plugin_id
          where a.id = plugin_advisory_intervals.advisory_id
          and (aei_staff() or (p.owner_tenant = aei_tenant() and not a.by_staff)))
$$);

-- How far an advisory reaches: every live installation of an affected release, one row for each tenant and version.
-- A tenant gets its own row alone, staff all of them; the plugin's publisher gets the numbers without tenants.
create function advisory_reach(wanted text)
returns table (tenant_id uuid, tenant text, plugin_id text, version text, installations bigint)
language sql stable security definer set search_path = pg_catalog, public as $$
  select case when t.named then s.tenant_id end, case when t.named then s.slug end, s.plugin_id, s.version, count(*)
    from (select n.tenant_id, e.slug, n.plugin_id, n.version, p.owner_tenant
            from public.plugin_advisories a
            join public.plugins p on p.id = a.plugin_id
            join public.releases r on r.plugin_id = a.plugin_id
            join public.installations n on n.release_id = r.id and n.removed_at is null
            join public.tenants e on e.id = n.tenant_id
           where a.id = wanted
             and exists (select from public.plugin_advisory_intervals i
                          where i.advisory_id = a.id and r.precedence >= i.lower and r.precedence < i.upper)) s
    cross join lateral (select public.aei_staff() or s.tenant_id = public.aei_tenant() as named,
                               s.owner_tenant = public.aei_tenant() as owned) t
   where t.named or t.owned
   group by 1, 2, 3, 4
   order by 5 desc, 2, 4
$$;
