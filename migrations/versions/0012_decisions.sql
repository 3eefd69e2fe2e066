-- What waits for a person's decision, appeals, and reports about plugins.

-- ---------------------------------------------------------------- cases

-- One thing that a person decides. The decision that stands is copied here from case_decisions, so that
-- a list of cases is one scan. `party` is the tenant that the decision touches: it alone may appeal.
create table cases (
  id uuid primary key,
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  subject_type text not null check (length(subject_type) between 1 and 40),
  subject_id text not null check (length(subject_id) between 1 and 200),
  title text not null check (length(title) between 1 and 200),
  party uuid not null references tenants,
  opened_by uuid,
  opened_tenant uuid references tenants,
  state text not null check (state in ('waiting', 'claimed', 'decided', 'withdrawn')),
  round smallint not null check (round in (1, 2)),  -- 2 once it was appealed
  version integer not null check (version > 0),
  opened_at timestamptz not null,
  queued_at timestamptz not null,  -- when this round began to wait
  due_at timestamptz not null,
  claimed_by uuid,
  claimed_until timestamptz,
  verdict text,
  reason text check (length(reason) between 1 and 2000),
  decided_by uuid,
  decided_at timestamptz,
  appeal_until timestamptz,
  check ((state = 'claimed') = (claimed_by is not null) and (state = 'claimed') = (claimed_until is not null)),
  check ((verdict is null) = (decided_at is null) and (verdict is null) = (reason is null)),
  check ((state = 'decided' or round = 2) = (verdict is not null)),  -- the first decision stands until the second
  check (state <> 'withdrawn' or round = 1)
);
-- A subject waits once: who brings it again joins the case. An appeal is no hindrance to a new case.
create unique index cases_open_subject on cases (kind, subject_id, party)
  where round = 1 and state in ('waiting', 'claimed');
create index cases_queue on cases (due_at, id) where state in ('waiting', 'claimed');
create index cases_queue_of_kind on cases (kind, due_at, id) where state in ('waiting', 'claimed');
create index cases_claimed on cases (claimed_by) where state = 'claimed';
create index cases_settled on cases (kind, state, id desc);

-- The tenants that see a case: the party, and each from which somebody brought it.
create table case_tenants (
  case_id uuid not null references cases,
  tenant_id uuid not null references tenants,
  primary key (tenant_id, case_id)
);
create index on case_tenants (case_id);
call aei_isolate('case_tenants', 'tenant_id = aei_tenant() or aei_staff()', 'false');
revoke insert, update, delete on case_tenants from aei_app;

call aei_isolate('cases', $$
  aei_staff() or party = aei_tenant()
  or exists (select from case_tenants t where t.case_id = cases.id and t.tenant_id = aei_tenant())
$$, 'aei_staff() or party = aei_tenant() or opened_tenant = aei_tenant()');
revoke delete on cases from aei_app;

create function case_concerns() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  insert into public.case_tenants (case_id, tenant_id)
    select new.id, tenant from unnest(array[new.party, new.opened_tenant]) tenant where tenant is not null
    on conflict do nothing;
  return null;
end $$;
create trigger concerns after insert on cases for each row execute function case_concerns();

-- What the rules say, said once more where no forgotten check can pass by it: what is settled moves by
-- its appeal only, and a decision is the staff's, whatever else a tenant may write of its cases.
create function cases_settled() returns trigger language plpgsql as $$
begin
  if old.state = 'withdrawn' or (old.state = 'decided' and not (old.round = 1 and new.round = 2 and new.state = 'waiting'))
     or new.round < old.round then
    raise exception 'case % is settled', old.id using errcode = 'insufficient_privilege';
  end if;
  if current_user = 'aei_app' and not aei_staff()
     and (new.verdict, new.reason, new.decided_by, new.decided_at)
         is distinct from (old.verdict, old.reason, old.decided_by, old.decided_at) then
    raise exception 'case % is for staff to decide', old.id using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger settled before update on cases for each row execute function cases_settled();

-- Joins the open case about a subject, which the actor's tenant need not see before; null if there is
-- none. It may become due earlier by that, never later.
create function decisions_join(wanted_kind text, wanted_subject text, wanted_party uuid, wanted_due timestamptz)
returns uuid language plpgsql security definer set search_path = pg_catalog, public as $$
declare joined uuid;
begin
  update public.cases set due_at = least(due_at, wanted_due)
   where kind = wanted_kind and subject_id = wanted_subject and party = wanted_party
     and round = 1 and state in ('waiting', 'claimed')
  returning id into joined;
  if joined is not null and public.aei_tenant() is not null then
    insert into public.case_tenants (case_id, tenant_id) values (joined, public.aei_tenant()) on conflict do nothing;
  end if;
  return joined;
end $$;
revoke execute on function case_concerns(), decisions_join(text, text, uuid, timestamptz) from public;

-- Each decision, for good: one in each round.
create table case_decisions (
  case_id uuid not null references cases,
  round smallint not null check (round in (1, 2)),
  verdict text not null,
  reason text not null check (length(reason) between 1 and 2000),
  decided_by uuid,
  decided_at timestamptz not null,
  primary key (case_id, round)
);
call aei_isolate('case_decisions', 'exists (select from cases c where c.id = case_id)', 'aei_staff()');
call aei_make_append_only('case_decisions');

-- The one appeal.
create table case_appeals (
  case_id uuid primary key references cases,
  reason text not null check (length(reason) between 1 and 2000),
  appealed_by uuid,
  appealed_at timestamptz not null
);
call aei_isolate('case_appeals', $$
  exists (select from cases c where c.id = case_id and (c.party = aei_tenant() or aei_staff()))
$$);
call aei_make_append_only('case_appeals');

-- ---------------------------------------------------------------- reports about plugins

create table reports (
  id uuid primary key,
  case_id uuid not null references cases,
  plugin_id text not null references plugins,
  version text,
  kind text not null check (kind in ('malicious', 'broken')),
  text text not null check (length(text) between 1 and 4000),
  reporter_id uuid not null,
  reporter_tenant uuid not null references tenants,
  stops boolean not null,  -- a trusted reporter's word: what it names is quarantined at once
  outcome text check (outcome in ('upheld', 'dismissed')),  -- null while the case is open
  created_at timestamptz not null
);
create unique index reports_open on reports (reporter_id, plugin_id) where outcome is null;
create index on reports (case_id);
create index on reports (plugin_id, id desc);
create index on reports (reporter_id, created_at desc);
create index on reports (reporter_tenant, id desc);
-- The publisher is no party to the reports: who reported is not theirs to know.
call aei_isolate('reports', 'reporter_tenant = aei_tenant() or reporter_id = aei_actor() or aei_staff()',
                 'reporter_tenant = aei_tenant() or aei_staff()');
revoke delete on reports from aei_app;

-- Whose report of a malicious plugin stops it at once: a person, or everybody of a tenant.
create table trusted_reporters (
  id uuid primary key,
  user_id uuid unique references users on delete cascade,
  tenant_id uuid unique references tenants,
  note text not null check (length(note) between 1 and 500),
  added_by uuid,
  added_at timestamptz not null,
  check ((user_id is null) <> (tenant_id is null))
);
call aei_isolate('trusted_reporters', 'user_id = aei_actor() or tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');

-- What a case has done to a release, and where the release stood before: it can be undone exactly.
create table report_stops (
  case_id uuid not null references cases,
  release_id uuid not null references releases,
  state_before text not null,
  reason_before text,
  replacement_before text,
  moved_at timestamptz not null,  -- equals the release's state_changed_at until somebody else moves it
  remove_after timestamptz,       -- removal is for good, so it waits until nobody can appeal
  primary key (case_id, release_id)
);
create index on report_stops (remove_after) where remove_after is not null;
call aei_isolate('report_stops', 'aei_staff()');

-- ---------------------------------------------------------------- the public list of removals

create index releases_removals on releases (state_changed_at desc, id desc)
  where state in ('blocked', 'removed') and listed_at is not null;
