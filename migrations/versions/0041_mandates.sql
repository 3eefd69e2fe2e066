-- Renewals are charged by themselves where a buyer agreed: to the method that the provider keeps, at the agreed price.

-- A tenant's consent to be charged for renewals. One is kept at a time, and one may be asked for beside it.
create table payment_mandates (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  provider text not null check (provider ~ '^[a-z][a-z_]{0,38}$'),
  state text not null check (state in ('asked', 'kept', 'withdrawn')),
  terms integer not null check (terms > 0),  -- which wording was agreed to
  agreed_by uuid not null,
  agreed_at timestamptz not null,
  setup text,          -- the provider's name of the page on which the method is named
  url text,
  url_until timestamptz,
  customer text,       -- the provider's names of the tenant and of the method that it keeps
  method text,
  label text check (length(label) between 1 and 200),  -- how the buyer knows the method again
  kept_at timestamptz,
  withdrawn_at timestamptz,
  withdrawn_by uuid,   -- null where another mandate took its place, or its page was never finished
  check ((state = 'withdrawn') = (withdrawn_at is not null)),
  check (state <> 'kept' or (customer is not null and method is not null and kept_at is not null)),
  unique (id, tenant_id)
);
create unique index on payment_mandates (tenant_id, provider) where state = 'kept';
create unique index on payment_mandates (tenant_id, provider) where state = 'asked';
call aei_isolate('payment_mandates', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');
create trigger keep before update on payment_mandates for each row execute function aei_keep_but(
  'state', 'setup', 'url', 'url_until', 'customer', 'method', 'label', 'kept_at', 'withdrawn_at', 'withdrawn_by');
create trigger never_deleted before delete on payment_mandates for each row execute function aei_append_only();
revoke delete, truncate on payment_mandates from aei_app, aei_system;

-- Prices that somebody of the buyer agreed to: what costs more is never charged by itself.
create table price_consents (
  purchase_id uuid not null references purchases,
  price_id uuid not null references plugin_prices,
  tenant_id uuid not null references tenants,
  agreed_by uuid not null,
  agreed_at timestamptz not null,
  primary key (purchase_id, price_id)
);
call aei_make_append_only('price_consents');
-- Nobody agrees for another tenant's purchase.
call aei_isolate('price_consents', 'tenant_id = aei_tenant() or aei_staff()',
  'tenant_id = aei_tenant() and exists (select from purchases p where p.id = purchase_id and p.tenant_id = aei_tenant())');
-- Whoever bought has agreed to the price of that day; to one that came with a renewal nobody has.
insert into price_consents (purchase_id, price_id, tenant_id, agreed_by, agreed_at)
  select p.id, p.price_id, p.tenant_id, p.bought_by, p.bought_at
  from purchases p join plugin_prices c on c.id = p.price_id where c.effective_from <= p.bought_at;

-- An attempt without a buyer before a page belongs to a mandate.
alter table payments
  add column mandate_id uuid,
  add foreign key (mandate_id, tenant_id) references payment_mandates (id, tenant_id),
  add column final boolean not null default false;  -- the method was refused for good
create index on payments (mandate_id, invoice_id) where mandate_id is not null;

-- Of which end of a year or a trial the buyer was told before it came.
alter table purchases add column told_of timestamptz;

-- Staff look through facts of sales that were refused, as they do through those that wait.
create index on sales_facts (told_at, name) where state = 'refused';
