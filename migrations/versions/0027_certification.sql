-- Certification: what is asked for, scanned, decided, and the badge that stands for it.

-- The operator's policies, each for good; without one the built-in policy 1 is in force.
create table certification_policies (
  number integer primary key check (number > 1),
  terms jsonb not null,
  changed_by uuid,
  changed_at timestamptz not null
);
call aei_isolate('certification_policies', 'true', 'aei_staff()');
revoke update, delete on certification_policies from aei_app;

-- Exceptions to findings, with a reason and an end.
create table certification_waivers (
  id uuid primary key,
  plugin_id text not null references plugins,
  check_id text not null,
  rule text not null,
  place text not null,  -- empty: anywhere in the plugin
  reason text not null check (length(reason) between 1 and 2000),
  expires_at timestamptz not null,
  made_by uuid,
  made_at timestamptz not null,
  revoked_at timestamptz
);
create index on certification_waivers (plugin_id) where revoked_at is null;
call aei_isolate('certification_waivers', $$
  aei_staff() or exists (select from plugins p where p.id = certification_waivers.plugin_id and p.owner_tenant = aei_tenant())
$$, 'aei_staff()');
revoke delete on certification_waivers from aei_app;

-- One row for each question: may this new release be listed, does that one get a badge.
create table certification_requests (
  id uuid primary key,
  purpose text not null check (purpose in ('publish', 'certification')),
  release_id uuid not null references releases,
  plugin_id text not null references plugins,
  version text not null,
  owner_tenant uuid not null references tenants,
  digest text not null,
  state text not null check (state in (
    'submitted', 'scanning', 'in_review', 'approved', 'denied', 'withdrawn', 'suspended', 'expired')),
  attempt integer not null default 0,  -- fences: what an earlier attempt brings later is refused
  broken integer not null default 0,   -- attempts since the last whole scan
  leased_until timestamptz,
  begun_at timestamptz,
  -- What the last whole scan was made with.
  scanned_at timestamptz,
  policy_number integer,
  policy_digest text,
  advisories_at timestamptz,
  outcome text check (outcome in ('pass', 'fail', 'error')),
  waivers jsonb not null default '[]',  -- those that its approval stands on
  problem text,
  operation_id uuid,
  case_id uuid,
  submitted_by uuid,
  submitted_at timestamptz not null,
  queued_at timestamptz not null,
  first_approval_by uuid,
  decided_by uuid,
  decided_at timestamptz,
  reason text,
  expires_at timestamptz,
  suspended_at timestamptz,
  suspended_reason text,
  statement bytea,  -- the DSSE envelope
  verifying_key text,
  check ((scanned_at is null) = (outcome is null))
);
-- One open question of each sort about a release.
create unique index certification_requests_open on certification_requests (release_id, purpose)
  where state in ('submitted', 'scanning', 'in_review');
create index on certification_requests (release_id, submitted_at desc);
create index on certification_requests (purpose, queued_at) where state in ('submitted', 'scanning');
create index on certification_requests (owner_tenant, begun_at desc);
create unique index on certification_requests (case_id) where case_id is not null;
create index on certification_requests (expires_at) where state = 'approved';
create index on certification_requests (decided_at)
  where state = 'approved' and purpose = 'certification' and statement is null;
-- Evidence of a badge is for everybody who sees the plugin; what was denied or waits is not.
call aei_isolate('certification_requests', $$
  aei_staff() or owner_tenant = aei_tenant()
  or (state in ('approved', 'suspended', 'expired') and purpose = 'certification'
      and exists (select from plugins p where p.id = certification_requests.plugin_id))
$$, $$aei_staff() or (owner_tenant = aei_tenant() and state in ('submitted', 'withdrawn'))$$);
-- A publisher asks and takes back; no word of its own brings a request any further.
alter policy app_changes on certification_requests using (aei_staff() or owner_tenant = aei_tenant());
revoke delete on certification_requests from aei_app;

-- What each whole scan found: one report for each attempt, for good.
create table certification_reports (
  request_id uuid not null references certification_requests,
  attempt integer not null,
  evidence jsonb not null,
  primary key (request_id, attempt)
);
call aei_isolate('certification_reports', $$
  exists (select from certification_requests r where r.id = certification_reports.request_id)
$$, 'aei_staff()');
call aei_make_append_only('certification_reports');

-- The badge in the catalogue's own listing; both null: never certified, or the badge does not hold.
alter table releases add column certified_until timestamptz;
alter table releases add column certification uuid references certification_requests;
create index on releases (id) where certified_until is not null;

-- The badge is the one thing about a release beside its state that moves, and named jobs alone move it.
create or replace function releases_are_immutable() returns trigger language plpgsql as $$
declare kept releases := new;
begin
  kept.state := old.state;
  kept.state_reason := old.state_reason;
  kept.state_changed_at := old.state_changed_at;
  kept.replacement := old.replacement;
  if old.listed_at is null then kept.listed_at := null; end if;
  if old.log_index is null then kept.log_index := null; end if;
  if current_user <> 'aei_app' then
    kept.certified_until := old.certified_until;
    kept.certification := old.certification;
  end if;
  if kept is distinct from old then
    raise exception 'release % of % is immutable', old.version, old.plugin_id using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
