-- A plugin with its publisher and the release that its listing describes.
create type catalog_listing as (
  id text, visibility text, owner_tenant uuid, publisher_name text, publisher_verified boolean,
  installs bigint, rating_sum bigint, rating_count bigint,
  latest_version text, latest_channel text, latest_state text, document jsonb, advisory text, certified boolean,
  created_at timestamptz, updated_at timestamptz, package_sha256 text, icon_kind text);

-- Those of these plugins that who asks may see.
create function catalog_listings(wanted text[]) returns setof catalog_listing language plpgsql stable as $$
begin
  return query
    select p.id::text, p.visibility::text, p.owner_tenant, u.name::text, u.verified_at is not null,
      p.installs::bigint, p.rating_sum::bigint, p.rating_count::bigint,
      r.version::text, r.channel::text, r.state::text, r.manifest,
      -- The gravest of the standing advisories that concern the release.
      (select a.severity::text from plugin_advisories a
        where a.plugin_id = r.plugin_id and a.withdrawn_at is null
          and exists (select from plugin_advisory_intervals i
            where i.advisory_id = a.id and r.precedence >= i.lower and r.precedence < i.upper)
        order by array_position(array['low', 'moderate', 'high', 'critical'], a.severity::text) desc limit 1),
      r.certified_until is not null, p.created_at, p.updated_at, r.package_sha256::text, r.icon_kind::text
    from plugins p join publishers u on u.id = p.publisher_id join releases r on r.id = p.latest_shown
    where p.id = any(wanted);
end $$;

-- The same as somebody may see them, in a transaction of its own: to begin one, to say who asks and to end it
-- took longer than to answer.
create function catalog_listings_for(wanted text[], reader uuid, in_tenant uuid, of_staff boolean)
returns setof catalog_listing language plpgsql as $$
begin
  perform set_config('aei.tenant', coalesce(in_tenant::text, ''), true),
    set_config('aei.staff', case when of_staff then 'on' else '' end, true),
    set_config('aei.actor', coalesce(reader::text, ''), true);
  return query select * from catalog_listings(wanted);
end $$;
