-- Closed months: a statement for each creator and currency, and the payouts that come of them.

-- Which month was closed last everybody may know; what it held, staff alone.
create function ledger_newest_closed() returns date
language sql stable security definer set search_path = pg_catalog, public as $$
  select max(period) from public.ledger_closings
$$;

-- How far the close of a month has come. It is carried on where it was interrupted.
create table month_closes (
  period date primary key check (extract(day from period) = 1),
  begun_at timestamptz not null,
  begun_by uuid,  -- the member of staff who asked for it; null: it was due
  statements_at timestamptz,  -- all statements are written
  finished_at timestamptz,  -- all payouts are reserved in the ledger
  check (finished_at is null or statements_at is not null)
);

-- A creator's account of a closed month in one currency, in whole minor units.
create table statements (
  id uuid primary key,
  period date not null references month_closes,
  creator uuid not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  opening bigint not null,
  sales_count bigint not null, sales_gross bigint not null, sales_fees bigint not null, sales_net bigint not null,
  refunds_count bigint not null, refunds_gross bigint not null, refunds_fees bigint not null, refunds_net bigint not null,
  holds_count bigint not null, holds_gross bigint not null, holds_fees bigint not null, holds_net bigint not null,
  releases_count bigint not null, releases_gross bigint not null, releases_fees bigint not null, releases_net bigint not null,
  charges_count bigint not null, charges_gross bigint not null, charges_fees bigint not null, charges_net bigint not null,
  payout_reversals bigint not null check (payout_reversals >= 0),
  payable bigint not null,
  threshold bigint not null check (threshold > 0),
  payout bigint not null check (payout in (0, payable) and payout >= 0),
  closing bigint not null check (closing = payable - payout),
  created_at timestamptz not null,
  unique (period, creator, currency),
  unique (id, period, creator, currency, payout),
  check (payable = opening + payout_reversals + sales_net + refunds_net + holds_net + releases_net + charges_net),
  check (sales_gross = sales_fees + sales_net and refunds_gross = refunds_fees + refunds_net
         and holds_gross = holds_fees + holds_net and releases_gross = releases_fees + releases_net
         and charges_gross = charges_fees + charges_net)
);
create index on statements (creator, currency, period desc);
-- A statement lists what came late, however many lines the month has.
create index on sales_lines (creator, currency, period) where ref_period is not null;

-- What a statement says of each release, so that a page with a million sales behind it adds nothing up.
create table statement_parts (
  statement_id uuid not null references statements,
  plugin_id text not null,
  version text not null,  -- empty where the sale names no release
  kind text not null check (kind in ('sale', 'refund', 'hold', 'release', 'charge')),
  count bigint not null,
  gross bigint not null,
  fees bigint not null,
  net bigint not null check (gross = fees + net),
  primary key (statement_id, plugin_id, version, kind)
);

-- The next month opens with what the one before was closed with, and a finished month takes nothing more.
create function statements_refuse_unchained() returns trigger language plpgsql as $$
begin
  if exists (select from fresh f join month_closes c using (period) where c.statements_at is not null)
     or exists (select from fresh f where not exists (select from ledger_closings l where l.period = f.period)) then
    raise exception 'statements are written while their month is being closed' using errcode = 'AEI04';
  end if;
  if exists (select from fresh f left join statements before on before.creator = f.creator
               and before.currency = f.currency and before.period = (f.period - interval '1 month')::date
             where f.opening <> coalesce(before.closing, 0)) then
    raise exception 'a statement opens with what the one before was closed with' using errcode = 'AEI04';
  end if;
  return null;
end $$;
create trigger chained after insert on statements
  referencing new table as fresh for each statement execute function statements_refuse_unchained();

create function statement_parts_refuse_late() returns trigger language plpgsql as $$
begin
  if exists (select from fresh f join statements s on s.id = f.statement_id
             join month_closes c on c.period = s.period where c.statements_at is not null) then
    raise exception 'a closed statement takes no further part' using errcode = 'AEI04';
  end if;
  return null;
end $$;
create trigger in_time after insert on statement_parts
  referencing new table as fresh for each statement execute function statement_parts_refuse_late();

call aei_make_append_only('statements');
call aei_make_append_only('statement_parts');
call aei_isolate('month_closes', 'true', 'false');
call aei_isolate('statements', 'creator = aei_tenant() or aei_staff()', 'false');
call aei_isolate('statement_parts', 'exists (select from statements s where s.id = statement_id)', 'false');

-- The least that is paid: the operator's by currency, and more where a creator asks for it.
create table payout_thresholds (
  currency text primary key check (currency ~ '^[A-Z]{3}$'),
  amount bigint not null check (amount > 0),
  changed_at timestamptz not null,
  changed_by uuid not null
);
create table creator_thresholds (
  creator uuid not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount bigint not null check (amount > 0),
  changed_at timestamptz not null,
  changed_by uuid not null,
  primary key (creator, currency)
);
create table payout_policies (
  only_one boolean primary key default true check (only_one),
  december_sweep boolean not null,
  changed_at timestamptz not null,
  changed_by uuid not null
);
call aei_isolate('payout_thresholds', 'true', 'aei_staff()');
call aei_isolate('creator_thresholds', 'creator = aei_tenant() or aei_staff()', 'creator = aei_tenant()');
call aei_isolate('payout_policies', 'true', 'aei_staff()');

-- The operator's word that the tax model was looked at: no money leaves without it. The newest row counts.
create table tax_model_confirmations (
  id uuid primary key,
  confirmed boolean not null,
  name text not null check (length(name) between 1 and 200),  -- who confirmed it
  day date not null,
  recorded_at timestamptz not null,
  recorded_by uuid not null
);
call aei_make_append_only('tax_model_confirmations');
call aei_isolate('tax_model_confirmations', 'aei_staff()');

-- Where a provider of payments pays a creator; without a row, staff pay by the bank.
create table payout_destinations (
  creator uuid primary key,
  provider text not null check (provider ~ '^[a-z][a-z0-9_-]{0,38}$'),
  destination text not null check (length(destination) between 1 and 200),  -- the provider's name of the account
  changed_at timestamptz not null,
  changed_by uuid not null
);
call aei_isolate('payout_destinations', 'creator = aei_tenant() or aei_staff()', 'aei_staff()');

create table payouts (
  id uuid primary key,
  statement_id uuid not null unique,
  creator uuid not null,
  currency text not null,
  period date not null,
  amount bigint not null check (amount > 0),
  state text not null check (state in ('draft', 'tax_check', 'approved', 'released', 'paid', 'failed', 'cancelled')),
  withholding bigint check (withholding between 0 and amount),
  transfer bigint check (transfer = amount - withholding),
  withholding_bps integer check (withholding_bps between 0 and 10000),
  held_reason text check (length(held_reason) between 1 and 2000),
  provider text,  -- who carries it out since its release; null: the bank
  sent_at timestamptz,  -- when the provider was asked first
  reference text check (length(reference) between 1 and 200),  -- the bank's or the provider's
  failure text check (length(failure) between 1 and 2000),
  drafted_by uuid,  -- who asked for the close; null: it was due
  approved_by uuid,
  released_by uuid,
  created_at timestamptz not null,
  released_at timestamptz,
  paid_at timestamptz,
  state_changed_at timestamptz not null,
  version integer not null check (version > 0),
  foreign key (statement_id, period, creator, currency, amount)
    references statements (id, period, creator, currency, payout),
  check (state in ('draft', 'tax_check', 'cancelled') or (transfer is not null and approved_by is not null)),
  check (state not in ('released', 'paid') or (released_by is not null and released_at is not null)),
  check (state <> 'paid' or paid_at is not null),
  check (approved_by <> drafted_by),
  check (released_by <> approved_by)
);
create index on payouts (creator, period desc);
create index on payouts (state, period, id);
create index on payouts (period, id);

-- Whoever writes: states come in their order, what was drafted stays, and nothing leaves while the tax model is
-- not confirmed.
create function payouts_refuse() returns trigger language plpgsql as $$
begin
  if (new.id, new.statement_id, new.creator, new.currency, new.period, new.amount, new.created_at)
     is distinct from (old.id, old.statement_id, old.creator, old.currency, old.period, old.amount, old.created_at)
     or new.drafted_by is distinct from old.drafted_by then
    raise exception 'what was drafted stays' using errcode = 'AEI05';
  end if;
  if new.state <> old.state and not (old.state || ' ' || new.state) = any (array[
       'draft tax_check', 'tax_check approved', 'tax_check cancelled', 'approved released', 'approved cancelled',
       'released paid', 'released failed', 'paid failed']) then
    raise exception 'a payout does not go from % to %', old.state, new.state using errcode = 'AEI05';
  end if;
  if new.state <> old.state and new.state = 'released' and not coalesce(
       (select confirmed from tax_model_confirmations order by id desc limit 1), false) then
    raise exception 'nothing is released while the tax model is not confirmed' using errcode = 'AEI05';
  end if;
  return new;
end $$;
create trigger in_order before update on payouts for each row execute function payouts_refuse();
create function payouts_begin_as_drafts() returns trigger language plpgsql as $$
begin
  if new.state <> 'draft' then
    raise exception 'a payout begins as a draft' using errcode = 'AEI05';
  end if;
  return new;
end $$;
create trigger drafts_first before insert on payouts for each row execute function payouts_begin_as_drafts();
create trigger kept before delete on payouts for each row execute function aei_append_only();
create trigger kept_whole before truncate on payouts for each statement execute function aei_append_only();
call aei_isolate('payouts', 'creator = aei_tenant() or aei_staff()', 'aei_staff()');

-- Every state that a payout was in.
create table payout_steps (
  payout_id uuid not null references payouts,
  number integer not null check (number > 0),
  state text not null,
  at timestamptz not null,
  by uuid,  -- null: the marketplace itself
  reason text,
  primary key (payout_id, number)
);
call aei_make_append_only('payout_steps');
call aei_isolate('payout_steps', 'aei_staff()');

-- What went back to a creator's balance, once for each payout, and the month in which it counts.
create table payout_reversals (
  payout_id uuid primary key references payouts,
  creator uuid not null,
  currency text not null,
  amount bigint not null check (amount > 0),
  period date not null,
  recorded_at timestamptz not null
);
create index on payout_reversals (period, creator, currency);
call aei_make_append_only('payout_reversals');
call aei_isolate('payout_reversals', 'creator = aei_tenant() or aei_staff()', 'false');
