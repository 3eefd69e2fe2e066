-- Sessions, second factors, invitations, providers of sign-in and a tenant's own roles.

-- A browser that somebody signed in with. Only the secret's hash is kept.
create table sessions (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  tenant_id uuid references tenants,  -- where it acts now; null: as staff
  bound_to uuid references tenants,   -- the tenant whose provider vouched, and the only one it may act in
  hash bytea not null unique check (length(hash) = 32),
  method text not null check (method in ('password', 'password+passkey', 'oidc', 'oidc+passkey', 'link')),
  created_at timestamptz not null,
  seen_at timestamptz not null,
  proven_at timestamptz not null,     -- when its person last proved who they are
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_by text check (ended_by in ('sign_out', 'revoked', 'replaced', 'password', 'membership', 'account')),
  challenge bytea check (length(challenge) = 32),  -- what a passkey is to sign, once
  challenge_for text check (challenge_for in ('register', 'proof')),
  challenge_until timestamptz,
  address text not null,
  agent text not null check (length(agent) <= 300),
  check ((ended_at is null) = (ended_by is null)),
  check (bound_to is null or tenant_id = bound_to),
  check (num_nulls(challenge, challenge_for, challenge_until) in (0, 3))
);
create index on sessions (user_id);
create index on sessions (tenant_id) where ended_at is null;
create index on sessions (expires_at);
call aei_isolate('sessions', 'user_id = aei_actor() or tenant_id = aei_tenant() or aei_staff()');

-- Who stands behind a session's secret, as `authenticate` for tokens.
create function authenticate_session(session_hash bytea)
returns table (session_id uuid, user_id uuid, name text, tenant_id uuid, tenant_slug text,
               tenant_actions text[], staff_actions text[], created_at timestamptz, seen_at timestamptz,
               proven_at timestamptz, expires_at timestamptz, ended_at timestamptz, disabled_at timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
  select s.id, u.id, u.name, s.tenant_id, n.slug,
    array(select distinct a from public.memberships m join public.roles r on r.id = m.role_id, unnest(r.actions) a
          where m.user_id = u.id and m.tenant_id = s.tenant_id),
    array(select distinct a from public.staff f join public.roles r on r.id = f.role_id, unnest(r.actions) a
          where f.user_id = u.id),
    s.created_at, s.seen_at, s.proven_at, s.expires_at, s.ended_at, u.disabled_at
  from public.sessions s join public.users u on u.id = s.user_id left join public.tenants n on n.id = s.tenant_id
  where s.hash = session_hash
$$;
-- Notes that a session is in use; it never wakes one that is over.
create function session_seen(wanted uuid, at timestamptz) returns void
language sql security definer set search_path = pg_catalog, public as $$
  update public.sessions s set seen_at = at where s.id = wanted and s.ended_at is null and s.seen_at < at
$$;
revoke execute on function authenticate_session(bytea), session_seen(uuid, timestamptz) from public;

-- A sign-in under way, bound to one browser by the secret in its cookie: on the way to a provider and
-- back, or between the first factor and the passkey. Named jobs alone touch it, for nobody is signed in.
create table sign_ins (
  id uuid primary key,
  hash bytea not null unique check (length(hash) = 32),
  expires_at timestamptz not null,
  redirect_to text not null,
  provider_id uuid,
  state bytea check (length(state) = 32),  -- a hash
  nonce text,
  verifier text,                           -- of PKCE
  redirect_uri text,
  invitation bytea check (length(invitation) = 32),
  link_to uuid references users on delete cascade,  -- whose account the provider's is linked to
  link_session uuid,
  user_id uuid references users on delete cascade,  -- who passed the first factor
  tenant_id uuid,
  bound_to uuid,
  method text,
  challenge bytea check (length(challenge) = 32),
  used_at timestamptz,
  check ((provider_id is null) = (state is null)),
  check ((user_id is null) = (challenge is null))
);
create index on sign_ins (expires_at);
call aei_isolate('sign_ins', 'false');

create table passkeys (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  credential_id bytea not null unique check (length(credential_id) between 1 and 1023),
  public_key bytea not null,  -- COSE
  sign_count bigint not null,
  name text not null check (length(name) between 1 and 60),
  created_at timestamptz not null,
  used_at timestamptz
);
create index on passkeys (user_id);
call aei_isolate('passkeys', 'user_id = aei_actor() or aei_staff()');

create table identity_providers (
  id uuid primary key,
  tenant_id uuid references tenants,  -- null: the operator's, for everybody
  name text not null check (length(name) between 1 and 60),
  issuer text not null,
  client_id text not null,
  secret_nonce bytea check (length(secret_nonce) = 12),
  secret_sealed bytea,
  enabled boolean not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique nulls not distinct (tenant_id, name),
  check (num_nulls(secret_nonce, secret_sealed) in (0, 2))
);
call aei_isolate('identity_providers', 'tenant_id is null or tenant_id = aei_tenant() or aei_staff()',
                 'tenant_id = aei_tenant() or aei_staff()');

-- An account at a provider that signs in to an account here.
create table identities (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  issuer text not null,
  subject text not null check (length(subject) between 1 and 255),
  created_at timestamptz not null,
  used_at timestamptz,
  unique (issuer, subject)
);
create index on identities (user_id);
call aei_isolate('identities', 'user_id = aei_actor() or aei_staff()');

create table invitations (
  id uuid primary key,
  tenant_id uuid references tenants,  -- null: to the staff
  role_id uuid not null references roles,
  email text check (email = lower(email)),
  hash bytea not null unique check (length(hash) = 32),
  invited_by uuid,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  check (accepted_at is null or revoked_at is null)
);
create index on invitations (tenant_id);
call aei_isolate('invitations', 'tenant_id = aei_tenant() or aei_staff()');

-- A one-time link to set a password with.
create table recoveries (
  id uuid primary key,
  user_id uuid not null references users on delete cascade,
  hash bytea not null unique check (length(hash) = 32),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index on recoveries (user_id);
call aei_isolate('recoveries', 'false');

-- A tenant's own role grants tenant actions alone, whatever a service forgot.
alter table roles add constraint own_roles_grant_no_staff_action check (
  tenant_id is null or not actions && array[
    'plugin.moderate', 'review.moderate', 'certification.decide', 'revenue.administer', 'collection.curate',
    'tenant.administer', 'staff.administer', 'killlist.administer', 'policy.operate', 'audit.read_all']);

-- What a password is checked against now says as well whether a passkey is asked for afterwards.
drop function password_of(text);
create function password_of(wanted_email text)
returns table (user_id uuid, password_hash text, disabled_at timestamptz, tenants jsonb, is_staff boolean,
               has_passkey boolean)
language sql stable security definer set search_path = pg_catalog, public as $$
  select u.id, u.password_hash, u.disabled_at,
    coalesce((select jsonb_object_agg(n.slug, n.id) from public.memberships m join public.tenants n on n.id = m.tenant_id
              where m.user_id = u.id), '{}'),
    exists (select from public.staff s where s.user_id = u.id),
    exists (select from public.passkeys p where p.user_id = u.id)
  from public.users u where u.email = lower(wanted_email) and u.kind = 'user'
$$;
revoke execute on function password_of(text) from public;
