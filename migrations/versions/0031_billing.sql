-- What plugins cost, from when on; who has bought what; what their runs cost.

-- Every price that was ever announced. Of those in effect, the one announced last holds.
create table plugin_prices (
  id uuid primary key,
  plugin_id text not null references plugins,
  version text not null,  -- the release that announced it
  model text not null check (model in ('free', 'one_time', 'subscription', 'usage')),
  currency text check (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint not null check (amount_minor between 0 and 1000000000),
  per text check (per in ('month', 'year', 'execution', '1k_executions')),
  unit_micros bigint check (unit_micros > 0),  -- of one execution, in millionths of the major unit
  trial integer check (trial > 0),             -- days of a subscription, executions of usage
  announced_at timestamptz not null,
  effective_from timestamptz not null check (effective_from >= announced_at),
  check ((model = 'free') = (currency is null) and (model = 'free') = (amount_minor = 0)),
  check ((model = 'usage') = (unit_micros is not null)),
  check ((model in ('free', 'one_time')) = (per is null))
);
create index on plugin_prices (plugin_id, announced_at desc, id desc);
call aei_make_append_only('plugin_prices');
-- Whoever sees the plugin sees its prices; named jobs write them.
call aei_isolate('plugin_prices', 'exists (select from plugins p where p.id = plugin_prices.plugin_id)', 'false');

-- Tenants that pay by invoice and have access at once, by decision of the staff.
create table buyer_accounts (
  tenant_id uuid primary key references tenants,
  on_account boolean not null,
  changed_by uuid not null,
  changed_at timestamptz not null
);
call aei_isolate('buyer_accounts', 'tenant_id = aei_tenant() or aei_staff()', 'aei_staff()');

create table purchases (
  id uuid primary key,
  tenant_id uuid not null references tenants,
  plugin_id text not null references plugins,
  creator uuid not null,       -- the publisher's tenant when it was bought
  version text not null,       -- the release whose price was agreed to
  state text not null check (state in
    ('pending_payment', 'trial', 'active', 'cancelled_at_period_end', 'suspended', 'ended', 'refunded')),
  price_id uuid not null references plugin_prices,  -- what is charged for the present period
  bought_by uuid not null,
  bought_at timestamptz not null,
  anchor timestamptz,          -- from which months are counted
  periods integer not null default 0 check (periods >= 0),  -- how many have begun since
  period_end timestamptz,      -- when the present period, or the trial, is over; null: never
  trial_left integer not null default 0 check (trial_left >= 0),  -- executions that are free
  access_from timestamptz,     -- null: not yet
  access_until timestamptz,    -- null: without end
  cancelled_at timestamptz,
  ended_at timestamptz,
  ended_because text,
  check ((state in ('ended', 'refunded')) = (ended_at is not null)),
  check (access_from is not null or state in ('pending_payment', 'ended', 'refunded'))
);
-- Two who buy at the same moment buy once.
create unique index purchases_live on purchases (tenant_id, plugin_id) where ended_at is null;
create index on purchases (tenant_id, id desc);
create index on purchases (period_end) where ended_at is null and period_end is not null;
create index on purchases (plugin_id) where ended_at is null;
call aei_isolate('purchases', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');
revoke delete on purchases from aei_app;

-- What a purchase has come to: one line of an invoice each, under a key that is charged once.
create table purchase_charges (
  key text primary key check (length(key) between 1 and 200),
  tenant_id uuid not null,
  purchase_id uuid not null references purchases,
  plugin_id text not null,
  source text not null check (source in ('one_time', 'subscription', 'usage')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  quantity bigint not null check (quantity > 0),
  net_minor bigint not null check (net_minor > 0),
  period_start timestamptz not null,
  period_end timestamptz,      -- null: for good
  receipt_root bytea check (length(receipt_root) = 32),  -- of usage: the Merkle root over its executions
  invoice_id uuid not null,
  charged_at timestamptz not null,
  due_at timestamptz not null,
  paid_at timestamptz,
  check ((source = 'usage') = (receipt_root is not null))
);
create index on purchase_charges (purchase_id, charged_at);
create index on purchase_charges (tenant_id, charged_at);
create index on purchase_charges (invoice_id);
call aei_isolate('purchase_charges', 'tenant_id = aei_tenant() or aei_staff()', 'tenant_id = aei_tenant()');
revoke delete on purchase_charges from aei_app;

-- What was credited of them, with the tax in it.
create table purchase_credits (
  credit_note_id uuid not null,
  key text not null references purchase_charges,
  tenant_id uuid not null,
  amount_minor bigint not null check (amount_minor > 0),
  credited_at timestamptz not null,
  primary key (credit_note_id, key)
);
create index on purchase_credits (key);
call aei_isolate('purchase_credits', 'tenant_id = aei_tenant() or aei_staff()', 'false');
revoke update, delete on purchase_credits from aei_app;

-- Each execution under a price for usage: reserved at its start, counted once at its end.
create table usage_records (
  execution_id uuid primary key,
  tenant_id uuid not null,
  purchase_id uuid not null,
  plugin_id text not null,
  version text not null,
  period date not null check (extract(day from period) = 1),  -- the UTC month in which it started
  currency text not null,
  unit_micros bigint not null check (unit_micros >= 0),  -- 0: one of the trial
  state text not null check (state in ('reserved', 'billed', 'free')),
  outcome text,
  started_at timestamptz not null,
  ended_at timestamptz,
  usage_sha256 bytea,          -- as in the end entry of the audit log
  charge_key text,             -- the charge that counts it
  check ((state = 'reserved') = (ended_at is null))
);
create index on usage_records (tenant_id, period, plugin_id, execution_id);
create index on usage_records (period, tenant_id, plugin_id, currency) where state = 'billed' and charge_key is null;
create index on usage_records (period) where state = 'reserved';
call aei_isolate('usage_records', 'tenant_id = aei_tenant()');
revoke delete on usage_records from aei_app;

-- What a tenant may spend in a UTC month and on one execution; the plugin '' stands for all together.
create table spend_caps (
  tenant_id uuid not null references tenants,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  plugin_id text not null default '',
  month_micros bigint check (month_micros >= 0),
  execution_micros bigint check (execution_micros >= 0),
  changed_by uuid not null,
  changed_at timestamptz not null,
  primary key (tenant_id, currency, plugin_id),
  check (num_nonnulls(month_micros, execution_micros) > 0)
);
call aei_isolate('spend_caps', 'tenant_id = aei_tenant()');

-- What it has spent, runs under way included, in millionths of the major unit and without tax.
create table spend_months (
  tenant_id uuid not null,
  period date not null check (extract(day from period) = 1),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  plugin_id text not null,
  micros bigint not null check (micros >= 0),
  alerted smallint not null default 0,  -- the per cent of the cap that were told of last
  primary key (tenant_id, period, currency, plugin_id)
);
call aei_isolate('spend_months', 'tenant_id = aei_tenant()');
revoke delete on spend_months from aei_app;

-- Adds to what is spent, all together first and then the plugin, so that two never wait for one another. The
-- rows are held until the commit: of two that would exceed a cap together, the second sees the first.
create function spend_add(in_tenant uuid, month date, in_currency text, plugin text, added bigint, capped boolean)
returns void language plpgsql as $$
declare
  scope text;
  spent bigint;
  cap record;
begin
  foreach scope in array array['', plugin] loop
    insert into spend_months as m (tenant_id, period, currency, plugin_id, micros)
    values (in_tenant, month, in_currency, scope, added)
    on conflict (tenant_id, period, currency, plugin_id) do update set micros = m.micros + excluded.micros
    returning m.micros into spent;
    continue when not capped;
    select c.month_micros, c.execution_micros into cap from spend_caps c
      where c.tenant_id = in_tenant and c.currency = in_currency and c.plugin_id = scope;
    if spent > cap.month_micros then
      raise exception 'month' using errcode = 'AEI11', detail = format('%s %s %s', in_currency, cap.month_micros, scope);
    end if;
  end loop;
end $$;

-- What stands between a tenant and a run of a plugin: null where nothing costs anything. The words change when
-- the answer does, and only then: a start compares them with what was known before.
create function billing_access(in_tenant uuid, wanted_plugin text, at timestamptz) returns json
language plpgsql stable as $$
declare
  price record;
  bought record;
  own boolean;
begin
  select p.model into price from plugin_prices p
    where p.plugin_id = wanted_plugin and p.effective_from <= at order by p.announced_at desc, p.id desc limit 1;
  if not found then return null; end if;
  if price.model = 'free' then return json_build_object('model', 'free', 'entitled', true); end if;
  select p.owner_tenant = in_tenant into own from plugins p where p.id = wanted_plugin;
  if own then return json_build_object('model', price.model, 'entitled', true); end if;
  select b.id, b.state, n.model,
         b.access_from <= at and (b.access_until is null or at < b.access_until)
           and (n.model <> 'usage' or price.model = 'usage') as entitled into bought
    from purchases b join plugin_prices n on n.id = b.price_id
    where b.tenant_id = in_tenant and b.plugin_id = wanted_plugin and b.ended_at is null;
  if not found then return json_build_object('model', price.model, 'entitled', false); end if;
  return json_build_object('model', price.model, 'entitled', coalesce(bought.entitled, false), 'state', bought.state,
                           'metered', case when bought.model = 'usage' then bought.id end);
end $$;

-- Reserves a run: one of the trial, or its price within the caps. Raises AEI11 at a cap, AEI12 without a purchase.
create function billing_reserve(in_tenant uuid, bought uuid, execution uuid, plugin text, in_version text, at timestamptz)
returns void language plpgsql as $$
declare
  price record;
  month date := date_trunc('month', at at time zone 'UTC');
  most bigint;
begin
  select p.currency, p.unit_micros into price from plugin_prices p
    where p.plugin_id = plugin and p.effective_from <= at order by p.announced_at desc, p.id desc limit 1;
  if price.unit_micros is null or not exists (
    select from purchases b where b.id = bought and b.tenant_id = in_tenant and b.access_from <= at
      and (b.access_until is null or at < b.access_until)) then
    raise exception 'nothing is bought' using errcode = 'AEI12';
  end if;
  update purchases set trial_left = trial_left - 1 where id = bought and trial_left > 0;
  if found then
    price.unit_micros := 0;
  else
    select min(c.execution_micros) into most from spend_caps c
      where c.tenant_id = in_tenant and c.currency = price.currency and c.plugin_id in ('', plugin);
    if price.unit_micros > most then
      raise exception 'execution' using errcode = 'AEI11', detail = format('%s %s ', price.currency, most);
    end if;
    perform spend_add(in_tenant, month, price.currency, plugin, price.unit_micros, true);
  end if;
  insert into usage_records
    (execution_id, tenant_id, purchase_id, plugin_id, version, period, currency, unit_micros, state, started_at)
  values (execution, in_tenant, bought, plugin, in_version, month, price.currency, price.unit_micros, 'reserved', at);
end $$;

-- The end of a reserved run, however it comes: the buyer pays for results, and what did not end well is given back.
alter table executions add column purchase_id uuid;  -- under which it is counted; null: it costs nothing
create function billing_settle() returns trigger language plpgsql as $$
declare
  used record;
  scope text;
begin
  update usage_records set
    state = case when new.outcome = 'ok' then 'billed' else 'free' end, outcome = new.outcome, ended_at = new.ended_at,
    usage_sha256 = sha256(convert_to(new.usage::text, 'UTF8'))
  where execution_id = new.id and state = 'reserved' returning * into used;
  if used.state = 'free' and used.unit_micros = 0 then
    update purchases set trial_left = trial_left + 1 where id = used.purchase_id;
  elsif used.state = 'free' then
    foreach scope in array array['', used.plugin_id] loop
      update spend_months set micros = micros - used.unit_micros where tenant_id = used.tenant_id
        and period = used.period and currency = used.currency and plugin_id = scope;
    end loop;
  end if;
  return null;
end $$;
create trigger settles after update on executions for each row
  when (old.ended_at is null and new.ended_at is not null and new.purchase_id is not null)
  execute function billing_settle();

-- The statements of a run know the moment, and what the run costs (see 0005, 0009 and 0018).
drop function execution_terms(uuid, text);
create function execution_terms(in_tenant uuid, wanted_plugin text, at timestamptz)
returns table (installation_id uuid, release_id uuid, version text, enabled boolean, grants jsonb, config jsonb,
               policy jsonb, tenant_policies jsonb, release_state text, state_reason text, billing json)
language plpgsql as $$
begin
  perform set_config('aei.tenant', in_tenant::text, true);
  -- A release that the tenant may not see any more has no state here.
  return query
    select i.id, i.release_id, i.version, i.enabled, i.grants, i.config, i.policy, t.policies, r.state, r.state_reason,
           billing_access(in_tenant, wanted_plugin, at)
    from installations i join tenants t on t.id = i.tenant_id left join releases r on r.id = i.release_id
    where i.tenant_id = in_tenant and i.plugin_id = wanted_plugin and i.removed_at is null;
end $$;

drop function execution_known(bytea, text);
create function execution_known(token_hash bytea, wanted_plugin text, at timestamptz, out token text, out terms text)
language plpgsql as $$
declare
  holder record;
begin
  select a.* into holder from authenticate(token_hash) a;
  if not found then return; end if;
  token := row_to_json(holder);
  if holder.tenant_id is not null then
    terms := (select row_to_json(t) from execution_terms(holder.tenant_id, wanted_plugin, at) t);
  end if;
end $$;

drop function execution_start;
create function execution_start(
  in_tenant uuid, id uuid, installation_id uuid, plugin_id text, version text, release_id uuid, actor_id uuid,
  mode text, owner uuid, trace_id text, limits json, task_bytes integer, task_sha256 bytea, started_at timestamptz,
  parent_id uuid, depth smallint, replay_of uuid, purchase_id uuid,
  entry_id uuid, actor_kind text, content bytea, leaf_hash bytea)
returns void language plpgsql as $$
begin
  perform set_config('aei.tenant', in_tenant::text, true);
  if $18 is not null then
    perform billing_reserve($1, $18, $2, $4, $5, $14);
  end if;
  insert into executions
    (id, tenant_id, installation_id, plugin_id, version, release_id, actor_id, mode, owner, trace_id, limits,
     task_bytes, task_sha256, started_at, parent_id, depth, replay_of, purchase_id)
  values ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);
  perform audit_append($19, $14, $1, $20, $7, 'execution.start', 'execution', $2::text, 'ok', $10, $21, $22);
end $$;

drop function execution_start_if_known;
create function execution_start_if_known(
  token_hash bytea, known bytea,
  in_tenant uuid, id uuid, installation_id uuid, plugin_id text, version text, release_id uuid, actor_id uuid,
  mode text, owner uuid, trace_id text, limits json, task_bytes integer, task_sha256 bytea, started_at timestamptz,
  parent_id uuid, depth smallint, replay_of uuid, purchase_id uuid,
  entry_id uuid, actor_kind text, content bytea, leaf_hash bytea)
returns boolean language plpgsql as $$
declare
  now_known record;
begin
  select k.* into now_known from execution_known($1, $6, $16) k;
  if known is distinct from sha256(convert_to(concat(now_known.token, now_known.terms), 'UTF8')) then
    return false;
  end if;
  perform execution_start($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
                          $21, $22, $23, $24);
  return true;
end $$;
