-- An execution may be called by another one, replay an earlier one, or try a release that is not installed.
alter table executions
  alter column installation_id drop not null,
  drop constraint executions_mode_check,
  add constraint executions_mode_check check (mode in ('sync', 'async', 'call', 'replay', 'try')),
  add column parent_id uuid,                    -- the execution whose guest waits for this one
  add column depth smallint not null default 0, -- how many executions wait for it
  add column replay_of uuid,                    -- the execution whose journal answers this one
  add column journal text check (journal in ('kept', 'too_large', 'lost')),  -- null: none was asked for
  add column divergence json,                   -- where a replay left the journal
  add column identical boolean,                 -- whether a replay ended as what it replays
  add check ((parent_id is null) = (depth = 0)),
  add check ((replay_of is null) = (mode <> 'replay')),
  add check (mode in ('replay', 'try') or installation_id is not null);
create index on executions (parent_id) where parent_id is not null;

-- What a replay needs. Sealed with a key of the execution's own, bound to tenant and execution.
create table execution_journals (
  execution_id uuid primary key,
  tenant_id uuid not null,
  nonce bytea not null check (length(nonce) = 12),
  sealed bytea not null
);
call aei_isolate('execution_journals', 'tenant_id = aei_tenant()');
revoke update, delete on execution_journals from aei_app;

drop function execution_start;
create function execution_start(
  in_tenant uuid, id uuid, installation_id uuid, plugin_id text, version text, release_id uuid, actor_id uuid,
  mode text, owner uuid, trace_id text, limits json, task_bytes integer, task_sha256 bytea, started_at timestamptz,
  parent_id uuid, depth smallint, replay_of uuid,
  entry_id uuid, actor_kind text, content bytea, leaf_hash bytea)
returns void language plpgsql as $$
begin
  perform set_config('aei.tenant', in_tenant::text, true);
  insert into executions
    (id, tenant_id, installation_id, plugin_id, version, release_id, actor_id, mode, owner, trace_id, limits,
     task_bytes, task_sha256, started_at, parent_id, depth, replay_of)
  values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);
  perform audit_append($18, $14, $1, $19, $7, 'execution.start', 'execution', $2::text, 'ok', $10, $20, $21);
end $$;

drop function execution_end;
-- False, and nothing written, when the execution has its end already.
create function execution_end(
  in_tenant uuid, wanted uuid, at timestamptz, with_outcome text, with_output bytea, with_problem text,
  with_usage json, with_permissions json, with_walls text[], with_log_truncated boolean, with_lines bytea,
  actor_kind text, actor uuid, trace text,
  entry_ids uuid[], actions text[], outcomes text[], contents bytea[], leaf_hashes bytea[],
  with_journal text, with_nonce bytea, with_sealed bytea, with_divergence json, with_identical boolean)
returns boolean language plpgsql as $$
begin
  perform set_config('aei.tenant', in_tenant::text, true);
  update executions set ended_at = at, outcome = with_outcome, output = with_output, problem = with_problem,
    usage = with_usage, permissions = with_permissions, walls = with_walls, log_truncated = with_log_truncated,
    journal = with_journal, divergence = with_divergence, identical = with_identical
  where id = wanted and ended_at is null;
  if not found then return false; end if;
  if with_lines is not null then
    insert into execution_logs values (wanted, in_tenant, with_lines);
  end if;
  if with_sealed is not null then
    insert into execution_journals values (wanted, in_tenant, with_nonce, with_sealed);
  end if;
  for i in 1 .. cardinality(entry_ids) loop
    perform audit_append(entry_ids[i], at, in_tenant, actor_kind, actor, actions[i], 'execution', wanted::text,
                         outcomes[i], trace, contents[i], leaf_hashes[i]);
  end loop;
  return true;
end $$;
