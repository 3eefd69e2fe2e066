-- Each tenant's secrets are sealed with a key of its own, which is itself sealed with the master key.
create table data_keys (
  tenant_id uuid primary key references tenants,
  nonce bytea not null check (length(nonce) = 12),
  wrapped bytea not null check (length(wrapped) = 48),  -- 32 bytes of key, 16 of tag
  created_at timestamptz not null
);
call aei_isolate('data_keys', 'tenant_id = aei_tenant()');
revoke update, delete on data_keys from aei_app;

create table secrets (
  tenant_id uuid not null references tenants,
  name text not null check (name ~ '^[A-Z][A-Z0-9_]{0,63}$'),
  version integer not null check (version > 0),  -- counts the values; bound into the seal with tenant and name
  nonce bytea not null check (length(nonce) = 12),
  ciphertext bytea not null,
  updated_at timestamptz not null,
  updated_by uuid not null,
  primary key (tenant_id, name)
);
call aei_isolate('secrets', 'tenant_id = aei_tenant()');
