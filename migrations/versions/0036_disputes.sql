-- Disputes: what buyers, staff and banks say of a sale, with deadlines, evidence and how it ended.
create table disputes (
  id uuid primary key,
  kind text not null check (kind in ('complaint', 'chargeback')),
  opened_by text not null check (opened_by in ('buyer', 'staff', 'provider')),
  opener uuid,
  provider text,
  provider_dispute text check (length(provider_dispute) between 1 and 200),
  sale_key text not null,
  invoice_id uuid not null,
  plugin_id text not null,
  buyer uuid not null references tenants,
  creator uuid not null references tenants,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount bigint not null check (amount > 0),  -- minor units with the tax
  reason text check (length(reason) between 1 and 2000),
  state text not null check (state in ('opened', 'won', 'lost', 'withdrawn')),
  opened_at timestamptz not null,
  evidence_due_at timestamptz not null,
  decide_due_at timestamptz,  -- null: the bank decides
  reminded_at timestamptz,
  fee bigint not null default 0 check (fee >= 0),
  verdict text check (length(verdict) between 1 and 2000),
  decided_by uuid,
  decided_at timestamptz,
  credit_note_id uuid,
  version integer not null default 1 check (version > 0),
  check ((kind = 'chargeback') = (opened_by = 'provider')),
  check ((opened_by = 'provider') = (provider is not null and provider_dispute is not null)),
  check ((state = 'opened') = (decided_at is null)),
  unique (provider, provider_dispute, sale_key)
);
-- A sale is complained of once at a time.
create unique index disputes_open on disputes (sale_key) where state = 'opened' and kind = 'complaint';
create index on disputes (state, opened_at, id);
create index on disputes (buyer, opened_at desc);
create index on disputes (creator, opened_at desc);
create index on disputes (evidence_due_at) where state = 'opened';

create function disputes_refuse() returns trigger language plpgsql as $$
begin
  if (new.id, new.kind, new.sale_key, new.invoice_id, new.plugin_id, new.buyer, new.creator, new.currency, new.amount,
      new.opened_by, new.opened_at)
     is distinct from
     (old.id, old.kind, old.sale_key, old.invoice_id, old.plugin_id, old.buyer, old.creator, old.currency, old.amount,
      old.opened_by, old.opened_at) then
    raise exception 'what a dispute is about stays' using errcode = 'AEI07';
  end if;
  if old.state <> 'opened' and new.state <> old.state then
    raise exception 'a dispute that is % stays so', old.state using errcode = 'AEI07';
  end if;
  return new;
end $$;
create trigger in_order before update on disputes for each row execute function disputes_refuse();
create trigger kept before delete on disputes for each row execute function aei_append_only();
create trigger kept_whole before truncate on disputes for each statement execute function aei_append_only();
call aei_isolate('disputes', 'buyer = aei_tenant() or creator = aei_tenant() or aei_staff()',
  'buyer = aei_tenant() or aei_staff()');

-- What happened to it, in order.
create table dispute_steps (
  dispute_id uuid not null references disputes,
  number integer not null check (number > 0),
  step text not null check (step in ('opened', 'evidence', 'reminded', 'won', 'lost', 'withdrawn', 'credited')),
  side text not null check (side in ('buyer', 'creator', 'staff', 'provider', 'marketplace')),
  at timestamptz not null,
  by uuid,
  primary key (dispute_id, number)
);
call aei_make_append_only('dispute_steps');
call aei_isolate('dispute_steps', 'exists (select from disputes d where d.id = dispute_id)');

-- What each side shows; the other side never sees it.
create table dispute_evidence (
  id uuid primary key,
  dispute_id uuid not null references disputes,
  side text not null check (side in ('buyer', 'creator', 'staff')),
  tenant_id uuid references tenants,  -- null: staff's
  by uuid not null,
  at timestamptz not null,
  note text not null check (length(note) between 1 and 2000),
  file_name text check (length(file_name) between 1 and 120),
  media_type text,
  size integer check (size between 1 and 5242880),
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  check ((file_name is null) = (sha256 is null) and (sha256 is null) = (size is null))
);
create index on dispute_evidence (dispute_id, at);
call aei_make_append_only('dispute_evidence');
call aei_isolate('dispute_evidence', 'tenant_id = aei_tenant() or aei_staff()');
