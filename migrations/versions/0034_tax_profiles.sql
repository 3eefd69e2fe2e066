-- What creators declare for tax. Names, addresses and tax ids are sealed; the rest says how it was reviewed.
create table tax_profiles (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  form text not null check (form in ('w9', 'w8ben', 'w8bene', 'self_declaration')),
  kind text not null check (kind in ('person', 'company')),
  residence text not null check (residence ~ '^[A-Z]{2}$'),
  nonce bytea not null check (length(nonce) = 12),
  sealed bytea not null check (length(sealed) between 16 and 4096),
  tax_id_end text not null check (length(tax_id_end) <= 3),  -- the last characters, to tell one from another
  submitted_at timestamptz not null,
  submitted_by uuid not null,
  expires_on date,  -- null: it does not expire of itself
  state text not null check (state in ('submitted', 'reviewed', 'refused', 'superseded')),
  withholding_bps integer check (withholding_bps between 0 and 10000),
  reason text check (length(reason) between 1 and 2000),
  reviewed_at timestamptz,
  reviewed_by uuid,
  version integer not null default 1 check (version > 0),
  check ((state in ('reviewed', 'refused')) <= (reviewed_at is not null and reviewed_by is not null)),
  check (state <> 'reviewed' or withholding_bps is not null)
);
-- One counts at a time: the newest. Those before it stay as they were.
create unique index tax_profiles_present on tax_profiles (tenant_id) where state <> 'superseded';
create index on tax_profiles (tenant_id, submitted_at desc);
create index on tax_profiles (state, submitted_at, id);

-- A review decides once, and what was declared is never changed but for being sealed again.
create function tax_profiles_refuse() returns trigger language plpgsql as $$
begin
  if (new.id, new.tenant_id, new.form, new.kind, new.residence, new.tax_id_end, new.submitted_at, new.submitted_by)
     is distinct from
     (old.id, old.tenant_id, old.form, old.kind, old.residence, old.tax_id_end, old.submitted_at, old.submitted_by)
     or new.expires_on is distinct from old.expires_on then
    raise exception 'what was declared stays' using errcode = 'AEI06';
  end if;
  if new.state <> old.state and not (old.state || ' ' || new.state) = any (array[
       'submitted reviewed', 'submitted refused', 'submitted superseded', 'reviewed superseded',
       'refused superseded', 'reviewed refused']) then
    raise exception 'a tax profile does not go from % to %', old.state, new.state using errcode = 'AEI06';
  end if;
  return new;
end $$;
create trigger in_order before update on tax_profiles for each row execute function tax_profiles_refuse();
create trigger kept before delete on tax_profiles for each row execute function aei_append_only();
create trigger kept_whole before truncate on tax_profiles for each statement execute function aei_append_only();
-- Its own tenant declares, staff review; neither does the other's part (see the service).
call aei_isolate('tax_profiles', 'tenant_id = aei_tenant() or aei_staff()');
