-- The ledger: double entry in whole minor units. What is written stays, and a closed month takes nothing more.

-- What amounts move between: a kind that the domain above names, whose it is, and one currency.
create table ledger_accounts (
  id bigint generated always as identity primary key,
  kind text not null check (kind ~ '^[a-z][a-z_]{0,38}$'),
  owner uuid not null,  -- the nil UUID: the operator's
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  unique (kind, owner, currency)
);

create table ledger_entries (
  id uuid primary key,
  key text not null unique check (length(key) between 1 and 200),  -- the same key is the same fact
  kind text not null check (kind ~ '^[a-z][a-z_]{0,38}$'),
  period date not null check (extract(day from period) = 1),  -- first day of the UTC month that it counts in
  ref_period date check (ref_period < period and extract(day from ref_period) = 1),  -- of what came late
  occurred_at timestamptz not null,
  recorded_at timestamptz not null,
  lines smallint not null check (lines between 2 and 100),
  digest bytea not null check (length(digest) = 32),  -- SHA-256 of all of it, see `rules/entries.py`
  unique (id, period)
);
create index on ledger_entries (period, id);

-- A line of an entry: positive amounts are debits, negative ones credits.
create table ledger_postings (
  entry_id uuid not null,
  line smallint not null check (line >= 0),
  period date not null,
  account_id bigint not null references ledger_accounts,
  amount bigint not null check (amount <> 0),
  primary key (entry_id, line),
  foreign key (entry_id, period) references ledger_entries (id, period)
);
create index on ledger_postings (account_id, period) include (amount);

-- A month that is closed, and what stood in it then.
create table ledger_closings (
  period date primary key check (extract(day from period) = 1),
  closed_at timestamptz not null,
  entries bigint not null check (entries >= 0),
  digest bytea not null check (length(digest) = 32)  -- SHA-256 of its entries' digests, by their ids
);

call aei_make_append_only('ledger_accounts');
call aei_make_append_only('ledger_entries');
call aei_make_append_only('ledger_postings');
call aei_make_append_only('ledger_closings');
-- Named jobs write it; requests of the staff read it, those of a tenant never.
call aei_isolate('ledger_accounts', 'aei_staff()', 'false');
call aei_isolate('ledger_entries', 'aei_staff()', 'false');
call aei_isolate('ledger_postings', 'aei_staff()', 'false');
call aei_isolate('ledger_closings', 'aei_staff()', 'false');

-- Who writes and who closes a month hold this against each other; writers share it.
create function ledger_hold_open() returns void language sql as $$
  select pg_advisory_xact_lock_shared(1818584167, 1)
$$;
create function ledger_hold_whole() returns void language sql as $$
  select pg_advisory_xact_lock(1818584167, 1)
$$;

create function ledger_refuse_closed() returns trigger language plpgsql as $$
declare
  month date;
begin
  perform ledger_hold_open();
  select min(f.period) into month from fresh f
    where f.period <= (select max(c.period) from ledger_closings c);
  if month is not null then
    raise exception 'the month % is closed', to_char(month, 'YYYY-MM') using errcode = 'AEI01';
  end if;
  return null;
end $$;
create trigger open_months_only after insert on ledger_entries
  referencing new table as fresh for each statement execute function ledger_refuse_closed();

-- At the commit an entry has all of its lines, and they sum to zero in each currency.
create function ledger_refuse_unbalanced() returns trigger language plpgsql as $$
begin
  if (select count(*) from ledger_postings where entry_id = new.id) <> new.lines
     or exists (select from ledger_postings p join ledger_accounts a on a.id = p.account_id
                where p.entry_id = new.id group by a.currency having sum(p.amount) <> 0) then
    raise exception 'the entry % does not balance', new.id using errcode = 'AEI02';
  end if;
  return null;
end $$;
create constraint trigger balanced after insert on ledger_entries
  deferrable initially deferred for each row execute function ledger_refuse_unbalanced();

-- An entry that has its lines takes no further one, not even two that balance.
create function ledger_refuse_additions() returns trigger language plpgsql as $$
begin
  if exists (select from ledger_entries e
             where e.id in (select entry_id from fresh)
               and e.lines < (select count(*) from ledger_postings p where p.entry_id = e.id)) then
    raise exception 'an entry takes no further lines' using errcode = 'AEI02';
  end if;
  return null;
end $$;
create trigger no_additions after insert on ledger_postings
  referencing new table as fresh for each statement execute function ledger_refuse_additions();

-- Months close in order, and while nobody writes.
create function ledger_refuse_gap() returns trigger language plpgsql as $$
begin
  perform ledger_hold_whole();
  if exists (select from ledger_closings where period >= new.period)
     or exists (select from ledger_entries e where e.period < new.period
                and not exists (select from ledger_closings c where c.period >= e.period)) then
    raise exception 'the month % is not the oldest that is open', to_char(new.period, 'YYYY-MM')
      using errcode = 'AEI03';
  end if;
  return new;
end $$;
create trigger in_order before insert on ledger_closings
  for each row execute function ledger_refuse_gap();
