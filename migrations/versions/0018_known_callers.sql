-- Who stands behind a token and what applies to a plugin in its tenant, both as text; no token when it is unknown,
-- no terms when the plugin is not installed.
create function execution_known(token_hash bytea, wanted_plugin text, out token text, out terms text)
language plpgsql as $$
declare
  holder record;
begin
  select a.* into holder from authenticate(token_hash) a;
  if not found then return; end if;
  token := row_to_json(holder);
  if holder.tenant_id is not null then
    terms := (select row_to_json(t) from execution_terms(holder.tenant_id, wanted_plugin) t);
  end if;
end $$;

-- A start under what a process remembers from an earlier run: false, and nothing written, when either has
-- changed since. So nobody runs anything on rights or terms that no longer hold, and no run asks for them first.
create function execution_start_if_known(
  token_hash bytea, known bytea,
  in_tenant uuid, id uuid, installation_id uuid, plugin_id text, version text, release_id uuid, actor_id uuid,
  mode text, owner uuid, trace_id text, limits json, task_bytes integer, task_sha256 bytea, started_at timestamptz,
  parent_id uuid, depth smallint, replay_of uuid,
  entry_id uuid, actor_kind text, content bytea, leaf_hash bytea)
returns boolean language plpgsql as $$
declare
  now_known record;
begin
  select k.* into now_known from execution_known($1, $6) k;
  if known is distinct from sha256(convert_to(concat(now_known.token, now_known.terms), 'UTF8')) then
    return false;
  end if;
  perform execution_start($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
                          $20, $21, $22, $23);
  return true;
end $$;
