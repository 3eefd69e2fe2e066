-- Fills the tables of the reviews; numbers and texts are given by bench/reviews.py.
create temp table made as
select n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id,
  case when n <= current_setting('bench.listing')::int then 'shown'
       when n <= current_setting('bench.listing')::int + current_setting('bench.queue')::int then 'waits'
       else 'past' end as part,
  case when n % 50 = 0 then (n / 50) % current_setting('bench.said')::int end as said
from generate_series(1, current_setting('bench.reviews')::int) n;

create temp table shelf as
select row_number() over (order by plugin_id = current_setting('bench.plugin') desc, id) - 1 as place,
  count(*) over () as places, id, plugin_id, version
from releases where state = 'listed';
analyze made;
analyze shelf;

insert into reviews (id, plugin_id, release_id, version, writer_id, tenant_id, author, rating, text, state, revision,
  executions, reports, held, waiting_since, due_at, created_at, updated_at)
select m.id, s.plugin_id, s.id, s.version, gen_random_uuid(), t.id, 'Reader ' || m.n, 1 + m.n % 5,
  coalesce(x.text, 'I tried it for ' || md5(m.n::text) || ' and it did ' || md5((-m.n)::text) || ' as it should.'),
  case m.part when 'waits' then 'pending' else 'approved' end, 1, m.n % 9, 0, false,
  case m.part when 'waits' then w.since end,
  case m.part when 'waits' then w.since + interval '72 hours' - (m.n % 7) * interval '8 hours' end, w.since, w.since
from made m
join shelf s on s.place = case m.part when 'shown' then 0 else m.n % s.places end
left join said x on x.n = m.said
cross join (select id from tenants order by slug limit 1) t
cross join lateral (select now() - m.n * interval '20 seconds' as since) w;

insert into published_reviews (review_id, plugin_id, version, writer_id, tenant_id, author, rating, text, executions,
  helpful, visible, published_at, updated_at)
select r.id, r.plugin_id, r.version, r.writer_id, r.tenant_id, r.author, r.rating, r.text, r.executions,
  m.n % 40, true, r.created_at, r.updated_at
from made m join reviews r using (id) where m.part = 'shown';

insert into review_flags (review_id, kind, reason, flagged_at)
select id, (array['near_duplicate', 'burst', 'new_accounts', 'links'])[1 + n % 4], 'For the bench.', now()
from made where part = 'waits' and n % 5 = 0;

-- Filled first and indexed at once: one by one takes many times as long.
drop index review_signatures_bands;
insert into review_signatures (review_id, signature, bands)
select m.id, coalesce(x.signature, f.signature), coalesce(x.bands, f.bands)
from made m left join said x on x.n = m.said
cross join lateral (
  select string_agg(piece, '' order by place) as signature,
    array_agg(('x' || encode(substr(piece, 1, 8), 'hex'))::bit(64)::bigint)
      || array_agg(('x' || encode(substr(piece, 9, 8), 'hex'))::bit(64)::bigint) as bands
  from (select place, sha256(convert_to(m.n || ' ' || place, 'UTF8')) as piece from generate_series(1, 8) place) p
) f;
set maintenance_work_mem = '512MB';
create index review_signatures_bands on review_signatures using gin (bands) with (fastupdate = off);
analyze;
