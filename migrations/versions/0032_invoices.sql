-- Who sells and who is billed, tax rates, invoices and credit notes, payments, what providers tell.

-- Who sells, as the operator states it; the newest stands, and invoices keep what they were issued with.
create table billing_sellers (
  id uuid primary key,
  name text not null check (length(name) between 1 and 120),
  address text not null check (length(address) between 1 and 500),
  country text not null check (country ~ '^[A-Z]{2}$'),
  tax_id text check (length(tax_id) between 1 and 40),
  email text check (length(email) between 3 and 254),
  recorded_at timestamptz not null,
  recorded_by uuid
);
call aei_make_append_only('billing_sellers');
call aei_isolate('billing_sellers', 'true', 'aei_staff()');

-- Whom to bill for a tenant.
create table billing_details (
  tenant_id uuid primary key references tenants,
  name text not null check (length(name) between 1 and 120),
  address text not null check (length(address) between 1 and 500),
  country text not null check (country ~ '^[A-Z]{2}$'),
  tax_id text check (length(tax_id) between 1 and 40),
  email text check (length(email) between 3 and 254),
  version integer not null check (version > 0),
  updated_at timestamptz not null,
  updated_by uuid not null
);
call aei_isolate('billing_details', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');

-- The operator's rates: the newest from-day that has come applies, of one day what was recorded last.
create table tax_rates (
  id uuid primary key,
  category text not null check (category ~ '^[a-z][a-z_]{0,38}$'),
  country text not null check (country ~ '^([A-Z]{2}|\*)$'),  -- *: every country that has no rate of its own
  from_day date not null,
  rate_bps integer not null check (rate_bps between 0 and 10000),
  recorded_at timestamptz not null,
  recorded_by uuid
);
create index on tax_rates (category, country, from_day desc, id desc);
call aei_make_append_only('tax_rates');
call aei_isolate('tax_rates', 'true', 'aei_staff()');

-- What kind of supply a plugin is; `digital` where nothing was recorded. The last row stands.
create table plugin_tax_categories (
  id uuid primary key,
  plugin_id text not null references plugins,
  category text not null check (category ~ '^[a-z][a-z_]{0,38}$'),
  recorded_at timestamptz not null,
  recorded_by uuid
);
create index on plugin_tax_categories (plugin_id, id desc);
call aei_make_append_only('plugin_tax_categories');
call aei_isolate('plugin_tax_categories',
  'aei_staff() or exists (select from plugins p where p.id = plugin_id)', 'aei_staff()');

-- ---------------------------------------------------------------- invoices and credit notes

-- The last number of each series and year. Its row is held until the commit, so that numbers have no gap.
create table invoice_series (
  series text not null check (series in ('INV', 'CN')),
  year integer not null,
  last integer not null check (last > 0),
  primary key (series, year)
);
call aei_isolate('invoice_series', 'aei_staff()', 'false');

create function invoice_number_text(series text, year integer, sequence integer) returns text
language sql immutable parallel safe
return series || '-' || year || '-' || case when sequence < 1000000 then lpad(sequence::text, 6, '0') else sequence::text end;

create table invoices (
  id uuid primary key,
  tenant_id uuid not null references tenants,  -- the buyer
  year integer not null,
  sequence integer not null check (sequence > 0),
  number text not null generated always as (invoice_number_text('INV', year, sequence)) stored unique,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  issued_at timestamptz not null,
  due_at timestamptz not null check (due_at >= issued_at),
  reason text not null check (length(reason) between 1 and 200),
  seller jsonb not null,
  billed_to jsonb not null,
  reverse_charge boolean not null,
  lines integer not null check (lines between 1 and 1000),
  net bigint not null check (net > 0),
  tax bigint not null check (tax >= 0),
  unique (year, sequence),
  unique (id, tenant_id)
);
create index on invoices (tenant_id, id desc);

create table invoice_lines (
  invoice_id uuid not null,
  position integer not null check (position >= 0),
  tenant_id uuid not null,
  key text not null unique check (length(key) between 1 and 200),  -- a sale is invoiced once
  kind text not null check (kind in ('one_time', 'subscription', 'usage')),
  plugin_id text not null,
  version text,
  creator uuid not null,
  text text not null check (length(text) between 1 and 500),
  quantity bigint not null check (quantity > 0),
  unit_micros bigint not null check (unit_micros >= 0),  -- millionths of the currency's major unit
  net bigint not null check (net > 0),
  category text not null,
  rate_bps integer not null check (rate_bps between 0 and 10000),
  tax bigint not null check (tax >= 0),
  earned_at timestamptz not null,
  purchase_id uuid not null,
  primary key (invoice_id, position),
  foreign key (invoice_id, tenant_id) references invoices (id, tenant_id)
);
create index on invoice_lines (purchase_id);

-- Whether an invoice is paid: the one thing about it that changes. Its row comes with the invoice.
create table invoice_standings (
  invoice_id uuid primary key references invoices,
  tenant_id uuid not null,
  state text not null check (state in ('open', 'paid', 'credited')),
  total bigint not null,
  credited bigint not null default 0 check (credited between 0 and total),
  due_at timestamptz not null,
  paid_at timestamptz,
  provider text,
  reference text check (length(reference) between 1 and 200),
  processor_fee bigint not null default 0 check (processor_fee >= 0),
  marked_by uuid,
  reminders smallint not null default 0,  -- how many notices have said that it is due
  check ((state = 'paid') = (paid_at is not null)),
  check (state <> 'credited' or credited = total)
);
create index on invoice_standings (due_at) where state = 'open';
create index on invoice_standings (tenant_id, state);
create index on invoice_standings (paid_at) where state = 'paid';

create table credit_notes (
  id uuid primary key,
  tenant_id uuid not null,
  invoice_id uuid not null,
  year integer not null,
  sequence integer not null check (sequence > 0),
  number text not null generated always as (invoice_number_text('CN', year, sequence)) stored unique,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  issued_at timestamptz not null,
  reason text not null check (length(reason) between 1 and 500),
  unpaid boolean not null,  -- the invoice was not paid when it was credited: nothing goes back
  taken boolean not null,  -- a bank had taken the money back before: nothing goes back
  lines integer not null check (lines between 1 and 1000),
  net bigint not null check (net >= 0),
  tax bigint not null check (tax >= 0),
  check (net + tax > 0),
  unique (year, sequence),
  unique (id, tenant_id),
  foreign key (invoice_id, tenant_id) references invoices (id, tenant_id)
);
create index on credit_notes (invoice_id);
create index on credit_notes (tenant_id, id desc);

create table credit_note_lines (
  credit_note_id uuid not null,
  key text not null references invoice_lines (key),
  tenant_id uuid not null,
  net bigint not null check (net >= 0),
  tax bigint not null check (tax >= 0),
  check (net + tax > 0),
  primary key (credit_note_id, key),
  foreign key (credit_note_id, tenant_id) references credit_notes (id, tenant_id)
);
create index on credit_note_lines (key);

call aei_make_append_only('invoices');
call aei_make_append_only('invoice_lines');
call aei_make_append_only('credit_notes');
call aei_make_append_only('credit_note_lines');
call aei_isolate('invoices', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');
call aei_isolate('invoice_lines', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');
call aei_isolate('invoice_standings', 'tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');
call aei_isolate('credit_notes', 'tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');
call aei_isolate('credit_note_lines', 'tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');
revoke delete on invoice_standings from aei_app, aei_system;

-- A number is drawn by the row that bears it and by nothing else: whoever rolls back gives it back.
create function invoice_draw_number() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  new.year := extract(year from new.issued_at at time zone 'UTC');
  insert into public.invoice_series as s (series, year, last) values (tg_argv[0], new.year, 1)
    on conflict (series, year) do update set last = s.last + 1
    returning s.last into new.sequence;
  return new;
end $$;
create trigger draw_number before insert on invoices for each row execute function invoice_draw_number('INV');
create trigger draw_number before insert on credit_notes for each row execute function invoice_draw_number('CN');

create function invoice_open_standing() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  insert into public.invoice_standings (invoice_id, tenant_id, state, total, due_at)
    values (new.id, new.tenant_id, 'open', new.net + new.tax, new.due_at);
  return null;
end $$;
create trigger open_standing after insert on invoices for each row execute function invoice_open_standing();

-- What is credited is held against the invoice's total, whoever writes the credit note.
create function invoice_count_credit() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  update public.invoice_standings set credited = credited + new.net + new.tax where invoice_id = new.invoice_id;
  return null;
end $$;
create trigger count_credit after insert on credit_notes for each row execute function invoice_count_credit();

create function credit_note_line_check() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  if not exists (
    select from public.invoice_lines l join public.credit_notes n on n.invoice_id = l.invoice_id
    where l.key = new.key and n.id = new.credit_note_id
      and l.net >= (select sum(c.net) from public.credit_note_lines c where c.key = new.key)
      and l.tax >= (select sum(c.tax) from public.credit_note_lines c where c.key = new.key)) then
    raise exception 'the line % has less left to credit', new.key using errcode = 'AEI04';
  end if;
  return null;
end $$;
create trigger within_line after insert on credit_note_lines
  for each row execute function credit_note_line_check();

-- At the commit an invoice or credit note has all of its lines, which come to what it says; it takes no other.
create function invoice_check_whole() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  if (select count(*) <> new.lines or sum(l.net) <> new.net or sum(l.tax) <> new.tax
      from public.invoice_lines l where l.invoice_id = new.id) then
    raise exception 'the lines of % do not come to its sums', new.number using errcode = 'AEI05';
  end if;
  return null;
end $$;
create constraint trigger whole after insert on invoices
  deferrable initially deferred for each row execute function invoice_check_whole();
create function credit_note_check_whole() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  if (select count(*) <> new.lines or sum(l.net) <> new.net or sum(l.tax) <> new.tax
      from public.credit_note_lines l where l.credit_note_id = new.id) then
    raise exception 'the lines of % do not come to its sums', new.number using errcode = 'AEI05';
  end if;
  return null;
end $$;
create constraint trigger whole after insert on credit_notes
  deferrable initially deferred for each row execute function credit_note_check_whole();

create function invoice_refuse_additions() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  if exists (select from public.invoices i where i.id in (select invoice_id from fresh)
             and i.lines < (select count(*) from public.invoice_lines l where l.invoice_id = i.id)) then
    raise exception 'an invoice takes no further lines' using errcode = 'AEI05';
  end if;
  return null;
end $$;
create trigger no_additions after insert on invoice_lines
  referencing new table as fresh for each statement execute function invoice_refuse_additions();
create function credit_note_refuse_additions() returns trigger language plpgsql
security definer set search_path = pg_catalog, public as $$
begin
  if exists (select from public.credit_notes n where n.id in (select credit_note_id from fresh)
             and n.lines < (select count(*) from public.credit_note_lines l where l.credit_note_id = n.id)) then
    raise exception 'a credit note takes no further lines' using errcode = 'AEI05';
  end if;
  return null;
end $$;
create trigger no_additions after insert on credit_note_lines
  referencing new table as fresh for each statement execute function credit_note_refuse_additions();

-- ---------------------------------------------------------------- payments and refunds

-- What a provider was asked to collect. Its id is the key of the call: asking again collects nothing twice.
create table payments (
  id uuid primary key,
  tenant_id uuid not null,
  invoice_id uuid not null,
  provider text not null check (provider ~ '^[a-z][a-z_]{0,38}$'),
  amount bigint not null check (amount > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  state text not null check (state in ('reserved', 'open', 'succeeded', 'failed', 'expired')),
  collection text,  -- the provider's name of what it was asked for
  payment text,     -- and of the payment that came of it
  url text,         -- where the buyer pays
  url_until timestamptz,
  problem text,
  created_at timestamptz not null,
  settled_at timestamptz,
  unique (provider, collection),
  unique (provider, payment),
  check (state <> 'open' or collection is not null),
  foreign key (invoice_id, tenant_id) references invoices (id, tenant_id)
);
create unique index on payments (invoice_id) where state in ('reserved', 'open');
create index on payments (invoice_id, id);
call aei_isolate('payments', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');

-- Under which name the provider knows a tenant.
create table provider_customers (
  provider text not null,
  tenant_id uuid not null references tenants,
  customer text not null,
  primary key (provider, tenant_id)
);
call aei_isolate('provider_customers', 'tenant_id = aei_tenant() or aei_staff()', 'false');

-- Money that goes back to a buyer, for a credit note on an invoice that was paid.
create table refunds (
  id uuid primary key,
  tenant_id uuid not null,
  credit_note_id uuid not null unique,
  invoice_id uuid not null references invoices,
  provider text not null,
  payment text,  -- the provider's name of the payment that is returned; null where staff return it
  amount bigint not null check (amount > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  state text not null check (state in ('owed', 'asked', 'returned', 'failed')),
  reference text check (length(reference) between 1 and 200),  -- the provider's name of it, or what staff noted
  problem text,
  created_at timestamptz not null,
  asked_at timestamptz,
  settled_at timestamptz,
  marked_by uuid,
  foreign key (credit_note_id, tenant_id) references credit_notes (id, tenant_id)
);
create unique index on refunds (provider, reference) where payment is not null;
create index on refunds (state, created_at) where state <> 'returned';
call aei_isolate('refunds', 'tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');

-- ---------------------------------------------------------------- what providers tell

-- Each event once, whatever its number of deliveries; of its content only what is needed.
create table provider_events (
  provider text not null,
  event_id text not null check (length(event_id) between 1 and 200),
  kind text not null check (length(kind) between 1 and 100),  -- as the provider names it
  subject text,  -- what it waits for while it is parked: the provider's name of a payment or dispute
  told jsonb not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  state text not null check (state in ('pending', 'parked', 'applied', 'ignored', 'rejected')),
  reason text,  -- why it is parked, ignored or rejected
  settled_at timestamptz,
  primary key (provider, event_id)
);
create index on provider_events (provider, subject) where state = 'parked';
create index on provider_events (state, received_at) where state in ('pending', 'parked', 'rejected');
call aei_isolate('provider_events', 'aei_staff()', 'false');

-- What a buyer's bank has taken back, by the sales that it concerns.
create table provider_disputes (
  provider text not null,
  dispute text not null,
  sale_key text not null references invoice_lines (key),
  tenant_id uuid not null,
  amount bigint not null check (amount > 0),
  fee bigint not null check (fee >= 0),
  state text not null check (state in ('opened', 'won', 'lost')),
  opened_at timestamptz not null,
  evidence_due_at timestamptz,
  settled_at timestamptz,
  primary key (provider, dispute, sale_key)
);
create index on provider_disputes (sale_key);
call aei_isolate('provider_disputes', 'aei_staff()', 'false');
