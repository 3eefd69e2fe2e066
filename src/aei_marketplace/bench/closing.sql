-- Fills a month with sales as they are booked; numbers are given by bench/closing.py. Triggers and foreign keys are
-- off meanwhile: a million rows that are known to fit would be asked one by one.
set session_replication_role = replica;

create temp table sold as
select n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid as id,
  -- one creator has a fifth of all sales, in a hundred releases
  ('00000000-0000-7000-9000-' || lpad(to_hex(case when n % 5 = 0 then 0 else n % m.creators end), 12, '0'))::uuid as creator,
  'bench-' || (n % 20) || '.plugin' as plugin_id, '1.' || (n / 20 % 5) || '.0' as version,
  100 + n % 9900 as gross, ((100 + n % 9900) * 8500 + 5000) / 10000 as net,
  m.month + interval '1 second' * (n % 2000000) as at, m.month
from (select current_setting('bench.creators')::int as creators, current_setting('bench.month')::date as month) m,
  generate_series(1, current_setting('bench.lines')::int) n;
create index on sold (id);

insert into tenants (id, slug, name, created_at)
select creator, 'bench-' || row_number() over (order by creator), 'Creator ' || creator, now()
from (select distinct creator from sold) c;
insert into ledger_accounts (kind, owner, currency)
select 'creator', creator, 'USD' from (select distinct creator from sold) c
union all select k, '00000000-0000-0000-0000-000000000000', 'USD' from unnest(array['receivable', 'commission']) k;

insert into ledger_entries (id, key, kind, period, occurred_at, recorded_at, lines, digest)
select id, 'sale:' || n, 'sale', month, at, at, 3, sha256(n::text::bytea) from sold;
insert into ledger_postings (entry_id, line, period, account_id, amount)
select s.id, l.line, s.month, a.id, l.amount from sold s
cross join lateral (values (0, 'receivable', s.gross), (1, 'creator', -s.net), (2, 'commission', s.net - s.gross)) l(line, kind, amount)
join ledger_accounts a on a.kind = l.kind and a.currency = 'USD'
  and a.owner = case l.kind when 'creator' then s.creator else '00000000-0000-0000-0000-000000000000' end;
insert into sales (key, plugin_id, version, creator, buyer, source, currency, gross, tax, processor_fee, net,
  creator_share_bps, processing_fee_bearer, dispute_fee_bearer, occurred_at, earned_at, recorded_at)
select 'sale:' || n, plugin_id, version, creator, gen_random_uuid(), 'one_time', 'USD', gross, 0, 0, net, 8500,
  'platform', 'creator_if_lost', at, at, at from sold;
insert into sales_lines (id, key, kind, sale_key, plugin_id, version, creator, source, creator_share_bps, currency,
  gross, fees, net, tax, period, occurred_at, recorded_at)
select id, 'sale:' || n, 'sale', 'sale:' || n, plugin_id, version, creator, 'one_time', 8500, 'USD', gross,
  gross - net, net, 0, month, at, at from sold;
analyze;
