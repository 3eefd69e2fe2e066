-- Share agreements and the lines of creators' accounts.

-- What a plugin's creator gets, from when on. The one in force is the latest that has begun; of those that begin
-- alike it is the one set last.
create table share_agreements (
  id uuid primary key,
  number bigint generated always as identity,  -- in the order in which those of one plugin were set
  plugin_id text not null references plugins,
  creator_share_bps integer not null check (creator_share_bps between 0 and 10000),
  tiers jsonb not null check (jsonb_typeof(tiers) = 'array'),  -- currency, from_gross, creator_share_bps
  processing_fee_bearer text not null check (processing_fee_bearer in ('platform', 'creator')),
  dispute_fee_bearer text not null check (dispute_fee_bearer in ('creator_if_lost', 'platform')),
  effective_from timestamptz not null,
  reason text not null check (length(reason) between 1 and 500),  -- the creator reads it
  set_by uuid not null,
  set_at timestamptz not null,
  check (effective_from > set_at)  -- what is earned is earned
);
create index on share_agreements (plugin_id, effective_from, number);
call aei_make_append_only('share_agreements');
call aei_isolate('share_agreements',
  'aei_staff() or exists (select from plugins p where p.id = plugin_id and p.owner_tenant = aei_tenant())',
  'aei_staff()');

-- Refuses every change but that of the columns named.
create function aei_keep_but() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - tg_argv <> to_jsonb(old) - tg_argv then
    raise exception '% keeps what it says', tg_table_name using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;

-- A sale with what was frozen when it was booked; staff alone see who bought.
create table sales (
  key text primary key check (length(key) between 1 and 150),
  plugin_id text not null,
  version text,
  creator uuid not null,
  buyer uuid not null,
  source text not null check (source in ('one_time', 'subscription', 'usage')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  gross bigint not null check (gross >= 0),
  tax bigint not null check (tax >= 0),
  tax_country text check (tax_country ~ '^[A-Z]{2}$'),
  processor_fee bigint not null check (processor_fee >= 0),
  net bigint not null check (net between 0 and gross),
  creator_share_bps integer not null check (creator_share_bps between 0 and 10000),
  processing_fee_bearer text not null,
  dispute_fee_bearer text not null,
  occurred_at timestamptz not null,
  earned_at timestamptz not null,
  recorded_at timestamptz not null,
  reversed bigint not null default 0 check (reversed between 0 and gross + tax)  -- refunded, held or lost
);
call aei_isolate('sales', 'aei_staff()', 'false');
revoke update, delete, truncate on sales from aei_app, aei_system;
grant update (reversed) on sales to aei_system;
create trigger keep before update on sales for each row execute function aei_keep_but('reversed');
create trigger never_deleted before delete on sales for each row execute function aei_append_only();
create trigger never_emptied before truncate on sales for each statement execute function aei_append_only();

-- What else was told of sales, booked or not: refunds, disputes and their ends.
create table sales_facts (
  name text primary key check (length(name) between 1 and 200),
  kind text not null check (kind in ('refund', 'dispute', 'won', 'lost')),
  sale_key text,     -- null while the end of a dispute is told whose opening is not
  dispute_key text,  -- of disputes and their ends
  amount bigint not null check (amount >= 0),
  fee bigint not null check (fee >= 0),
  currency text,  -- as it was told, where it was
  occurred_at timestamptz not null,
  told_at timestamptz not null,
  state text not null check (state in ('parked', 'booked', 'refused')),
  reason text,  -- why it is refused
  settled_at timestamptz,
  check ((state = 'parked') = (settled_at is null)),
  check (state <> 'booked' or sale_key is not null)
);
create index on sales_facts (sale_key);
create index on sales_facts (dispute_key) where dispute_key is not null;
create index on sales_facts (told_at) where state = 'parked';
call aei_isolate('sales_facts', 'aei_staff()', 'false');
revoke update, delete, truncate on sales_facts from aei_app, aei_system;
grant update (sale_key, state, reason, settled_at) on sales_facts to aei_system;
create trigger keep before update on sales_facts
  for each row execute function aei_keep_but('sale_key', 'state', 'reason', 'settled_at');
create trigger never_deleted before delete on sales_facts for each row execute function aei_append_only();
create trigger never_emptied before truncate on sales_facts for each statement execute function aei_append_only();

-- The lines of creators' accounts. Each has an entry of the ledger that says the same.
create table sales_lines (
  id uuid primary key,
  key text not null unique references ledger_entries (key),
  kind text not null check (kind in ('sale', 'refund', 'hold', 'release', 'charge')),
  sale_key text not null references sales,
  plugin_id text not null,
  version text,
  creator uuid not null,
  source text not null,
  creator_share_bps integer not null,
  currency text not null,
  gross bigint not null,
  fees bigint not null,
  net bigint not null,
  tax bigint not null,
  period date not null check (extract(day from period) = 1),
  ref_period date check (ref_period < period and extract(day from ref_period) = 1),
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  check (gross = fees + net)
);
-- A month is summed from the index alone.
create index on sales_lines (period, creator, currency, kind) include (gross, fees, net, tax);
create index on sales_lines (creator, period, id);
create index on sales_lines (plugin_id, currency, period, kind) include (gross);
create index on sales_lines (sale_key) where kind <> 'sale';
call aei_make_append_only('sales_lines');
call aei_isolate('sales_lines', 'aei_staff() or creator = aei_tenant()', 'false');

-- Who books facts of one dispute or one sale waits for the others. Disputes are held before sales, and each in
-- order, so that nobody waits in a circle.
create function sales_hold(class integer, keys text[]) returns void language plpgsql as $$
declare
  hashed integer;
begin
  for hashed in select distinct hashtext(k) from unnest(keys) k order by 1 loop
    perform pg_advisory_xact_lock(class, hashed);
  end loop;
end $$;
