-- Listings that were loaded to try how the marketplace does with many (`aei-marketplace catalogue load`) have no
-- package. They used to say that it has one byte; a package has at least the 22 bytes of an empty zip.
alter table releases drop constraint releases_size_bytes_check, drop constraint releases_component_size_check;
alter table releases disable trigger immutable;
update releases set size_bytes = 0, component_size = 0 where size_bytes = 1 and component_size = 1;
alter table releases enable trigger immutable;
alter table releases add check (size_bytes > 0 and component_size > 0 or size_bytes = 0 and component_size = 0);

-- How many notices are new to a reader: every page asks, so it is one statement and its own transaction. It sees
-- what its caller says who it is, as each transaction of the role does. What somebody switched off does not count;
-- `optional` are the kinds that can be.
create function notices_count_unread(reader uuid, in_tenant uuid, of_staff boolean, held text[], optional text[])
returns bigint language plpgsql as $$
begin
  perform set_config('aei.tenant', coalesce(in_tenant::text, ''), true),
    set_config('aei.staff', case when of_staff then 'on' else '' end, true),
    set_config('aei.actor', reader::text, true);
  return (
    select count(*) from notices n
    where (n.user_id = reader or n.action = any(held))
      and not exists (select from notice_reads r
        where r.notice_id = n.id and r.user_id = reader and r.read_at >= n.last_at)
      and not exists (select from notice_preferences p
        where p.user_id = reader and p.kind = n.kind and p.channel = 'product' and p.setting = 'off'
          and p.kind = any(optional)));
end $$;

-- The queue of reviews is counted from an index alone. A policy that looks at a row's columns would have every row
-- fetched, so staff are asked for once, here.
create index reviews_waiting on reviews (due_at, id) include (reports) where waiting_since is not null;
drop index reviews_due_at_id_idx;
create function reviews_count_waiting(moment timestamptz)
returns table (waiting bigint, overdue bigint, reported bigint)
language plpgsql stable security definer set search_path = pg_catalog, public as $$
begin
  if not public.aei_staff() then
    raise exception 'only staff count what waits' using errcode = 'insufficient_privilege';
  end if;
  return query select count(*), count(*) filter (where due_at < moment), count(*) filter (where reports > 0)
    from public.reviews where waiting_since is not null;
end $$;
revoke execute on function reviews_count_waiting(timestamptz) from public;

-- A flag knows since and until when its review waits, so that what has one flag is counted and listed without a look
-- at all that ever had it. Both null: it does not wait.
alter table review_flags add column waiting_since timestamptz, add column due_at timestamptz;
update review_flags f set waiting_since = r.waiting_since, due_at = r.due_at
from reviews r where r.id = f.review_id and r.waiting_since is not null;
create index on review_flags (kind, due_at, review_id) where waiting_since is not null;
create index on review_flags (kind, waiting_since, review_id) where waiting_since is not null;

create function review_flags_wait() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if tg_table_name = 'reviews' then
    update public.review_flags set waiting_since = new.waiting_since, due_at = new.due_at where review_id = new.id;
    return null;
  end if;
  select r.waiting_since, r.due_at into new.waiting_since, new.due_at from public.reviews r where r.id = new.review_id;
  return new;
end $$;
create trigger flags_wait after update of waiting_since, due_at on reviews for each row
  when ((old.waiting_since, old.due_at) is distinct from (new.waiting_since, new.due_at))
  execute function review_flags_wait();
create trigger waits before insert on review_flags for each row execute function review_flags_wait();

-- Whether a row may be seen often depends on another table: `exists (select from plugins …)`. That is one probe of an
-- index for each row that is looked at. Left to itself the planner may read the other table whole into a hash instead,
-- because it does not know that ten rows will do; with 100,000 plugins that took half a second. `offset 0` in the
-- subquery changes nothing of what it finds and forbids the hash.
create function aei_probing(condition text) returns text language plpgsql immutable strict as $$
declare
  written text := '';
  exist boolean[] := '{}';  -- of each open parenthesis whether it is one of `exists (`
  quoted boolean := false;
  letter text;
begin
  foreach letter in array regexp_split_to_array(condition, '') loop
    if letter = '''' then
      quoted := not quoted;
    elsif letter = '(' and not quoted then
      exist := exist || (written ~* '\mexists\s*$');
    elsif letter = ')' and not quoted then
      if exist[cardinality(exist)] and written !~* '\moffset 0\s*$' then
        written := written || ' offset 0';
      end if;
      exist := trim_array(exist, 1);
    end if;
    written := written || letter;
  end loop;
  return written;
end $$;

create or replace procedure aei_isolate(target regclass, visible text, writable text default null) language plpgsql as $$
declare
  seen text := aei_probing(visible);
  written text := aei_probing(coalesce(writable, visible));
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format('create policy owner_sees_all on %s to aei_owner using (true) with check (true)', target);
  execute format('create policy system_sees_all on %s to aei_system using (true) with check (true)', target);
  execute format('create policy app_sees on %s for select to aei_app using (%s)', target, seen);
  execute format('create policy app_adds on %s for insert to aei_app with check (%s)', target, written);
  execute format('create policy app_changes on %s for update to aei_app using (%s) with check (%s)', target, written, written);
  execute format('create policy app_deletes on %s for delete to aei_app using (%s)', target, written);
end $$;

do $$
declare
  policy record;
begin
  for policy in select tablename, policyname, qual, with_check from pg_policies
    where schemaname = current_schema and concat(qual, with_check) ~* '\mexists\M'
  loop
    execute format('alter policy %I on %I', policy.policyname, policy.tablename)
      || coalesce(' using (' || aei_probing(policy.qual) || ')', '')
      || coalesce(' with check (' || aei_probing(policy.with_check) || ')', '');
  end loop;
end $$;
