-- Which data keys are being replaced, and whose entries a tenant proves, looked up and not listed.

-- ---------------------------------------------------------------- data keys

-- Set for all keys when they are to be replaced by fresh ones, and off for each that was: what an interrupted
-- replacement has still to do.
alter table data_keys add column replacement_due boolean not null default false;

-- ---------------------------------------------------------------- audit log

-- Whose an entry is, is one look into an index for each row that is asked for. `exists (select …)` may be
-- planned as a list of all entries of the tenant, and is where a plan was kept from days when the log was short:
-- a proof then costs a tenant with 100,000 entries a tenth of a second. A subquery with one value never is.
alter policy app_sees on audit_leaves using (
  aei_staff()
  or aei_tenant() = (select e.tenant_id from audit_entries e where e.id = audit_leaves.entry_id)
  or aei_tenant() = (select a.tenant_id from audit_archived_entries a where a.entry_id = audit_leaves.entry_id));
alter policy app_sees on audit_personal using (
  aei_staff()
  or aei_tenant() = (select e.tenant_id from audit_entries e where e.id = audit_personal.entry_id));

-- Leaves are looked up for places of level 0 alone.
create or replace function audit_hashes(levels integer[], positions bigint[])
returns table (level integer, place bigint, hash bytea)
language sql stable security definer set search_path = pg_catalog, public as $$
  select w.level, w.place, coalesce(n.hash, l.leaf_hash)
  from unnest($1, $2) as w(level, place)
  left join public.audit_nodes n on n.level = w.level and n.position = w.place
  left join public.audit_leaves l on l.sequence = case when w.level = 0 then w.place end
$$;
