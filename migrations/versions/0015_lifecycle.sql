-- Releases' whole life: the kill list, staged rollouts, automatic updates.

-- The list as it was signed last, for everybody to read. There is one; its serial grows each time.
create table kill_lists (
  only_one boolean primary key default true check (only_one),
  serial bigint not null check (serial > 0),
  note text not null,           -- C2SP signed note
  verifying_key text not null,  -- name+id+base64
  signed_at timestamptz not null
);
revoke insert, update, delete, truncate on kill_lists from aei_app;

-- A release that was blocked stays on the list when it is removed for good afterwards.
create index on release_states (release_id) where state = 'blocked';

-- How far a release is rolled out, and whether it mends a weakness. None: to everybody, and no.
create table release_rollouts (
  release_id uuid primary key references releases,
  percent integer not null check (percent between 0 and 100),
  security boolean not null,
  changed_at timestamptz not null
);
call aei_isolate('release_rollouts',
  'exists (select from releases r where r.id = release_rollouts.release_id)', $$
  exists (select from releases r join plugins p on p.id = r.plugin_id
          where r.id = release_rollouts.release_id and (p.owner_tenant = aei_tenant() or aei_staff()))
$$);
revoke delete on release_rollouts from aei_app;

-- With how many percent the rollout of a new release begins.
alter table plugins add column rollout_start integer not null default 100 check (rollout_start between 0 and 100);

-- Which release an installation was last to be updated to by itself, so that none is tried again and again.
create table automatic_updates (
  installation_id uuid not null references installations,
  release_id uuid not null references releases,
  tenant_id uuid not null references tenants,
  asked_at timestamptz not null,
  primary key (installation_id, release_id)
);
call aei_isolate('automatic_updates', 'tenant_id = aei_tenant()');
revoke delete on automatic_updates from aei_app;
create index on installations (tenant_id) where removed_at is null and not pinned;
