-- Something that takes a while, and how far it is. Without a tenant it is everybody's to see.
create table operations (
  id uuid primary key,
  tenant_id uuid references tenants,
  kind text not null check (length(kind) between 1 and 60),
  state text not null check (state in ('queued', 'running', 'succeeded', 'failed')),
  progress real not null check (progress between 0 and 1),
  message text not null check (length(message) <= 1000),
  problem jsonb,
  plugin_id text,
  actor_id uuid,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check ((state = 'failed') = (problem is not null))
);
create index on operations (tenant_id, created_at desc);
create index on operations (state) where state in ('queued', 'running');
call aei_isolate('operations', 'tenant_id is null or tenant_id = aei_tenant() or aei_staff()',
                 'tenant_id = aei_tenant() or aei_staff()');
revoke delete on operations from aei_app;
