-- Notices, their deliveries, and what people want to hear of.

-- To one person (in one tenant, or anywhere when tenant_id is null), or to whoever holds an action: in the
-- tenant, or on the operator's staff when tenant_id is null. What repeats on a day is counted, not added.
create table notices (
  id uuid primary key,
  kind text not null check (kind ~ '^[a-z_]+\.[a-z_]+$'),
  tenant_id uuid references tenants,
  user_id uuid references users on delete cascade,
  action text,
  subject_type text not null check (length(subject_type) between 1 and 60),
  subject_id text not null check (length(subject_id) between 1 and 200),
  data jsonb not null check (jsonb_typeof(data) = 'object'),
  day date not null,
  count integer not null default 1 check (count > 0),
  last_trace text not null,  -- a job that runs twice for one cause counts once
  created_at timestamptz not null,
  last_at timestamptz not null,
  check (num_nonnulls(user_id, action) = 1),
  unique nulls not distinct (tenant_id, user_id, action, kind, subject_type, subject_id, day)
);
create index on notices (tenant_id, last_at desc, id desc);
create index on notices (user_id, last_at desc, id desc) where user_id is not null;
create index on notices (last_at);
call aei_isolate('notices',
  'case when user_id is null then tenant_id = aei_tenant() or (tenant_id is null and aei_staff())
        else user_id = aei_actor() and (tenant_id is null or tenant_id = aei_tenant()) end',
  'false');  -- written by notice_put alone

-- Writes a notice with its cause, for readers whom the writer need not see. Gives its id and whether it is
-- new; nothing when this cause has been counted. A request writes to its own tenant, to the staff and to itself;
-- staff and named jobs write to everybody.
create function notice_put(
  new_id uuid, new_kind text, tenant uuid, person uuid, holders text, about text, about_id text, words jsonb,
  trace text, moment timestamptz)
returns table (notice_id uuid, fresh boolean)
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if session_user = 'aei_app' and not public.aei_staff() and not coalesce(
    case when tenant is null then person is null or person = public.aei_actor() else tenant = public.aei_tenant() end,
    false) then
    raise exception 'a notice to another tenant' using errcode = 'insufficient_privilege';
  end if;
  perform pg_notify('aei_notice', coalesce(tenant::text, person::text, 'staff'));
  return query insert into public.notices as n
    (id, kind, tenant_id, user_id, action, subject_type, subject_id, data, day, last_trace, created_at, last_at)
  values (new_id, new_kind, tenant, person, holders, about, about_id, words,
          (moment at time zone 'UTC')::date, trace, moment, moment)
  on conflict (tenant_id, user_id, action, kind, subject_type, subject_id, day) do update
    set count = n.count + 1, data = excluded.data, last_trace = excluded.last_trace, last_at = excluded.last_at
    where n.last_trace <> excluded.last_trace
  returning n.id, n.count = 1;
end $$;
revoke execute on function notice_put(uuid, text, uuid, uuid, text, text, text, jsonb, text, timestamptz) from public;

-- What somebody has read, and when: a notice that occurs again after that is unread again.
create table notice_reads (
  notice_id uuid not null references notices on delete cascade,
  user_id uuid not null references users on delete cascade,
  read_at timestamptz not null,
  primary key (notice_id, user_id)
);
create index on notice_reads (user_id);
call aei_isolate('notice_reads', 'user_id = aei_actor()',
  'user_id = aei_actor() and exists (select from notices n where n.id = notice_id)');

-- What somebody chose; what is not here has its kind's default.
create table notice_preferences (
  user_id uuid not null references users on delete cascade,
  kind text not null,
  channel text not null check (channel in ('product', 'mail')),
  setting text not null check (setting in ('on', 'off', 'immediate', 'daily')),
  primary key (user_id, kind, channel)
);
call aei_isolate('notice_preferences', 'user_id = aei_actor()');

create table webhooks (
  id uuid primary key,
  tenant_id uuid references tenants,  -- null: the operator's own
  name text not null check (length(name) between 1 and 60),
  url text not null check (length(url) <= 2000),
  kinds text[] not null,  -- empty: all
  enabled boolean not null,
  disabled_reason text,
  failing_since timestamptz,  -- null: the last delivery was taken
  -- Sealed with the data key of the tenant or the operator. The old secret signs as well for a while.
  secret_version integer not null check (secret_version > 0),
  secret_nonce bytea not null check (length(secret_nonce) = 12),
  secret_sealed bytea not null,
  old_nonce bytea check (length(old_nonce) = 12),
  old_sealed bytea,
  old_until timestamptz,
  version integer not null check (version > 0),
  created_at timestamptz not null,
  created_by uuid not null,
  updated_at timestamptz not null,
  check (num_nulls(old_nonce, old_sealed, old_until) in (0, 3))
);
create index on webhooks (tenant_id, id);
call aei_isolate('webhooks', 'tenant_id = aei_tenant() or (tenant_id is null and aei_staff())');

-- A notice on its way: to a mailbox or to a webhook, again and again until it was taken or given up.
create table notice_deliveries (
  id uuid primary key,
  tenant_id uuid references tenants,
  notice_id uuid references notices on delete cascade,  -- null: a test
  kind text not null,
  channel text not null check (channel in ('mail', 'webhook')),
  user_id uuid references users on delete cascade,
  webhook_id uuid references webhooks on delete cascade,
  lane uuid not null generated always as (coalesce(webhook_id, user_id)) stored,  -- one at a time
  digest boolean not null default false,  -- goes in one mail with what else is due then
  state text not null check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  due_at timestamptz not null,
  claim uuid,  -- of the process that sends it now
  claimed_until timestamptz,
  status integer,
  problem text,
  created_at timestamptz not null,
  ended_at timestamptz,
  check ((channel = 'mail') = (user_id is not null) and (channel = 'webhook') = (webhook_id is not null)),
  check ((state = 'waiting') = (ended_at is null)),
  unique (notice_id, user_id),
  unique (notice_id, webhook_id)
);
create index on notice_deliveries (channel, due_at) where state = 'waiting';
create index on notice_deliveries (lane) where state = 'waiting';
create index on notice_deliveries (claim) where claim is not null;
create index on notice_deliveries (webhook_id, id desc) where webhook_id is not null;
create index on notice_deliveries (ended_at);
call aei_isolate('notice_deliveries',
  'channel = ''webhook'' and (tenant_id = aei_tenant() or (tenant_id is null and aei_staff()))');
revoke update, delete on notice_deliveries from aei_app;

-- The operator has sealed values of their own now; their key stands under the id of no tenant.
alter table data_keys drop constraint data_keys_tenant_id_fkey;
alter table data_keys add column tenant uuid
  generated always as (nullif(tenant_id, '00000000-0000-0000-0000-000000000000')) stored references tenants;
alter policy app_sees on data_keys using
  (tenant_id = aei_tenant() or (tenant is null and aei_staff()));
alter policy app_adds on data_keys with check
  (tenant_id = aei_tenant() or (tenant is null and aei_staff()));
