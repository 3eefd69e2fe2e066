-- Search indexes follow the listings by the transactions that changed them: a sequence's numbers can become visible
-- out of their order, but every transaction older than the oldest running one has ended.
alter table plugins add column changed_in xid8 not null default pg_current_xact_id();
create index on plugins (changed_in);

create function plugins_mark_change() returns trigger language plpgsql as $$
begin
  new.changed_in := pg_current_xact_id();
  return new;
end $$;
create trigger mark_change before update on plugins for each row execute function plugins_mark_change();

-- Who may see a plugin and what its publisher is called stand in other tables, and are part of what is found.
create function plugins_touch_audience() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update public.plugins set change_sequence = nextval('public.plugin_changes')
   where id = case tg_op when 'DELETE' then old.plugin_id else new.plugin_id end;
  return null;
end $$;
create trigger touch_plugin after insert or update or delete on plugin_audiences
  for each row execute function plugins_touch_audience();

create function plugins_touch_publisher() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update public.plugins set change_sequence = nextval('public.plugin_changes') where publisher_id = new.id;
  return null;
end $$;
create trigger touch_plugins after update of name, verified_at on publishers
  for each row execute function plugins_touch_publisher();

-- The index has its own words; these were read by nobody else. What a release supports is asked by its id.
alter table plugins drop column search;
drop index plugins_categories_idx;
