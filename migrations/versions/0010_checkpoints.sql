-- Signed checkpoints of the audit log, its archive, and where it is streamed to.

-- ---------------------------------------------------------------- checkpoints

-- Signed heads of the tree, in C2SP form. Each is written outside the database as well, and that copy is the
-- one that counts: who owns the database owns this table.
create table audit_checkpoints (
  size bigint primary key check (size > 0),
  root bytea not null check (length(root) = 32),
  note text not null,
  verifying_key text not null,  -- name+id+base64
  at timestamptz not null
);
revoke insert on audit_checkpoints from aei_app;
call aei_make_append_only('audit_checkpoints');

-- A proof about a tenant's entry needs hashes of its neighbours, which are others'. A hash says nothing about
-- what it is of, so that it is given to everyone, and nothing else of the neighbour is.
create function audit_hashes(levels integer[], positions bigint[])
returns table (level integer, place bigint, hash bytea)
language sql stable security definer set search_path = pg_catalog, public as $$
  select w.level, w.place, coalesce(n.hash, l.leaf_hash)
  from unnest($1, $2) as w(level, place)
  left join public.audit_nodes n on w.level > 0 and n.level = w.level and n.position = w.place
  left join public.audit_leaves l on w.level = 0 and l.sequence = w.place
$$;

-- ---------------------------------------------------------------- archive

-- Which entries lie in a file instead of here: `first` to before `after`.
create table audit_archives (
  first bigint primary key check (first >= 0),
  after bigint not null unique check (after > first),
  file_name text not null check (length(file_name) between 1 and 200),
  sha256 bytea not null check (length(sha256) = 32),
  size_bytes bigint not null check (size_bytes > 0),
  at timestamptz not null
);
revoke all on audit_archives from aei_app;
call aei_make_append_only('audit_archives');

-- What stays of an archived entry: whose it was, so that its tenant still gets the proof.
create table audit_archived_entries (
  entry_id uuid primary key,
  tenant_id uuid,
  file_name text not null
);
revoke insert on audit_archived_entries from aei_app;
call aei_isolate('audit_archived_entries', 'tenant_id = aei_tenant() or aei_staff()', 'false');
call aei_make_append_only('audit_archived_entries');

-- Leaves outlive the entry that they are the hash of, and so does personal data until it is erased.
alter table audit_leaves drop constraint audit_leaves_entry_id_fkey;
alter table audit_personal drop constraint audit_personal_entry_id_fkey;
drop policy app_sees on audit_leaves;
create policy app_sees on audit_leaves for select to aei_app using (
  aei_staff()
  or exists (select from audit_entries e where e.id = entry_id and e.tenant_id = aei_tenant())
  or exists (select from audit_archived_entries a where a.entry_id = audit_leaves.entry_id and a.tenant_id = aei_tenant()));

-- The one way in which an entry leaves: its file was written, read again and entered above in this very
-- transaction. Nobody but the owner may delete, and the owner only in here.
create function audit_take_out(from_sequence bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  archive public.audit_archives;
  taken bigint;
begin
  select * into strict archive from public.audit_archives a where a.first = from_sequence;
  insert into public.audit_archived_entries
    select e.id, e.tenant_id, archive.file_name
    from public.audit_entries e join public.audit_leaves l on l.entry_id = e.id
    where l.sequence >= archive.first and l.sequence < archive.after;
  perform set_config('aei.archiving', 'on', true);
  delete from public.audit_entries e using public.audit_leaves l
  where l.entry_id = e.id and l.sequence >= archive.first and l.sequence < archive.after;
  get diagnostics taken = row_count;
  perform set_config('aei.archiving', '', true);
  if taken <> archive.after - archive.first then
    raise exception 'the archive names % entries and % are here', archive.after - archive.first, taken;
  end if;
  return taken;
end $$;
revoke execute on function audit_take_out(bigint) from public, aei_app;

create function audit_entries_stay() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_user = 'aei_owner' and coalesce(current_setting('aei.archiving', true), '') = 'on' then
    return old;
  end if;
  raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;
drop trigger append_only on audit_entries;
create trigger append_only before update or delete on audit_entries
  for each row execute function audit_entries_stay();

-- ---------------------------------------------------------------- streaming

-- How far each collector has taken the log in: entries before `next` have been acknowledged.
create table audit_deliveries (
  collector text primary key check (length(collector) between 1 and 500),
  next bigint not null check (next >= 0),
  at timestamptz not null
);
revoke all on audit_deliveries from aei_app;

-- Entries come in order of time, so that a tiny index of ranges finds a span of it.
create index on audit_entries using brin (at);
