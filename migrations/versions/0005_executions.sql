-- One row for each run of an installation. References are kept without foreign keys: every start would
-- lock its tenant's and its release's row against each other start, and an execution outlives both.
create table executions (
  id uuid primary key,
  tenant_id uuid not null,
  installation_id uuid not null,
  plugin_id text not null,
  version text not null,
  release_id uuid not null,
  actor_id uuid not null,
  mode text not null check (mode in ('sync', 'async')),
  owner uuid not null,  -- the web process that runs it; its advisory lock says whether that is alive
  trace_id text not null,
  limits json not null,
  task_bytes integer not null,
  task_sha256 bytea not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text check (outcome in
    ('ok', 'guest_error', 'trap', 'cpu_limit', 'wall_limit', 'memory_limit', 'output_limit', 'host_call_limit',
     'denied', 'sandbox_violation', 'worker_lost', 'cancelled')),
  output bytea,  -- UTF-8 as the guest wrote it; text would refuse a NUL
  problem text,
  usage json,  -- json keeps the bytes whose digest stands in the end entry
  permissions json,
  walls text[],
  log_truncated boolean,
  output_forgotten_at timestamptz,  -- output and log were dropped after their time
  check ((ended_at is null) = (outcome is null))
);
create index on executions (tenant_id, id desc);
create index on executions (owner) where ended_at is null;
call aei_isolate('executions', 'tenant_id = aei_tenant()');
revoke delete on executions from aei_app;

create table execution_logs (
  execution_id uuid primary key,
  tenant_id uuid not null,
  lines bytea not null  -- a JSON array of {at_ms, level, message}
);
call aei_isolate('execution_logs', 'tenant_id = aei_tenant()');
revoke update, delete on execution_logs from aei_app;

-- The same words as before in a language whose plans last for the session: executions append twice each.
create or replace function audit_append(
  id uuid, at timestamptz, tenant uuid, actor_kind text, actor_id uuid, action text, resource_type text,
  resource_id text, outcome text, trace_id text, content bytea, leaf_hash bytea)
returns void language plpgsql as $$
begin
  insert into audit_entries values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);
  insert into audit_pending (entry_id) values ($1);
end $$;

-- An execution takes three statements, each one transaction: what applies, the start, the end. They
-- enter the tenant themselves, so that row-level security holds without a statement before.

create function execution_terms(in_tenant uuid, wanted_plugin text)
returns table (installation_id uuid, release_id uuid, version text, enabled boolean, grants jsonb, config jsonb,
               policy jsonb, tenant_policies jsonb, release_state text, state_reason text)
language plpgsql as $$
begin
  perform set_config('aei.tenant', in_tenant::text, true);
  -- A release that the tenant may not see any more has no state here.
  return query
    select i.id, i.release_id, i.version, i.enabled, i.grants, i.config, i.policy, t.policies, r.state, r.state_reason
    from installations i join tenants t on t.id = i.tenant_id left join releases r on r.id = i.release_id
    where i.tenant_id = in_tenant and i.plugin_id = wanted_plugin and i.removed_at is null;
end $$;

create function execution_start(
  in_tenant uuid, id uuid, installation_id uuid, plugin_id text, version text, release_id uuid, actor_id uuid,
  mode text, owner uuid, trace_id text, limits json, task_bytes integer, task_sha256 bytea, started_at timestamptz,
  entry_id uuid, actor_kind text, content bytea, leaf_hash bytea)
returns void language plpgsql as $$
begin
  perform set_config('aei.tenant', in_tenant::text, true);
  insert into executions
    (id, tenant_id, installation_id, plugin_id, version, release_id, actor_id, mode, owner, trace_id, limits,
     task_bytes, task_sha256, started_at)
  values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);
  perform audit_append($15, $14, $1, $16, $7, 'execution.start', 'execution', $2::text, 'ok', $10, $17, $18);
end $$;

-- False, and nothing written, when the execution has its end already.
create function execution_end(
  in_tenant uuid, wanted uuid, at timestamptz, with_outcome text, with_output bytea, with_problem text,
  with_usage json, with_permissions json, with_walls text[], with_log_truncated boolean, with_lines bytea,
  actor_kind text, actor uuid, trace text,
  entry_ids uuid[], actions text[], outcomes text[], contents bytea[], leaf_hashes bytea[])
returns boolean language plpgsql as $$
begin
  perform set_config('aei.tenant', in_tenant::text, true);
  update executions set ended_at = at, outcome = with_outcome, output = with_output, problem = with_problem,
    usage = with_usage, permissions = with_permissions, walls = with_walls, log_truncated = with_log_truncated
  where id = wanted and ended_at is null;
  if not found then return false; end if;
  if with_lines is not null then
    insert into execution_logs values (wanted, in_tenant, with_lines);
  end if;
  for i in 1 .. cardinality(entry_ids) loop
    perform audit_append(entry_ids[i], at, in_tenant, actor_kind, actor, actions[i], 'execution', wanted::text,
                         outcomes[i], trace, contents[i], leaf_hashes[i]);
  end loop;
  return true;
end $$;
