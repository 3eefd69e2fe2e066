-- Where a tenant's guests find the models that they may ask.
create table model_endpoints (
  tenant_id uuid not null references tenants,
  name text not null check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  version integer not null check (version > 0),  -- counts the changes; bound into the key's seal
  kind text not null check (kind in ('chat', 'embed')),
  base_url text not null,
  models jsonb not null check (jsonb_typeof(models) = 'object'),  -- the guests' name -> the endpoint's
  streaming boolean not null,
  enabled boolean not null,
  key_version integer,  -- the version with which the key was sealed; null without a key
  key_nonce bytea check (length(key_nonce) = 12),
  key_sealed bytea,
  updated_at timestamptz not null,
  updated_by uuid not null,
  primary key (tenant_id, name),
  check (num_nulls(key_version, key_nonce, key_sealed) in (0, 3))
);
call aei_isolate('model_endpoints', 'tenant_id = aei_tenant()');
