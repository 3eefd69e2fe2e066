-- Who belongs to a namespace, and how it changes hands.

-- ---------------------------------------------------------------- who released a release

-- A transfer gives a plugin another publisher; who released what before stays written down, and no update crosses
-- from one to the other unseen. Set by the database, so that nobody can claim to be the other one.
alter table releases add column publisher_id uuid references publishers;
alter table releases disable trigger immutable;
update releases r set publisher_id = p.publisher_id from plugins p where p.id = r.plugin_id;
alter table releases enable trigger immutable;
alter table releases alter column publisher_id set not null;

create function releases_name_their_publisher() returns trigger language plpgsql as $$
begin
  new.publisher_id := (select p.publisher_id from plugins p where p.id = new.plugin_id);
  return new;
end $$;
create trigger publisher before insert on releases for each row execute function releases_name_their_publisher();

-- ---------------------------------------------------------------- members

-- False: whoever publishes for the owning tenant may publish here. True: its members alone, and administrators.
alter table namespaces add column members_only boolean not null default false;

create table namespace_members (
  namespace text not null references namespaces,
  user_id uuid not null references users on delete cascade,
  tenant_id uuid not null references tenants,
  role text not null check (role in ('owner', 'maintainer')),
  named_by uuid,
  named_at timestamptz not null,
  primary key (namespace, user_id)
);
create index on namespace_members (user_id, tenant_id);
call aei_isolate('namespace_members', 'tenant_id = aei_tenant() or aei_staff()', $$
  tenant_id = aei_tenant()
  and exists (select from namespaces n join publishers b on b.id = n.publisher_id
              where n.name = namespace_members.namespace and b.tenant_id = aei_tenant())
$$);

-- Whoever leaves a tenant leaves its namespaces. Deferred: a change of roles takes all away and gives some back.
create function members_leave_with_their_tenant() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  delete from public.namespace_members m
   where m.user_id = old.user_id and m.tenant_id = old.tenant_id
     and not exists (select from public.memberships s where s.user_id = old.user_id and s.tenant_id = old.tenant_id);
  return null;
end $$;
revoke execute on function members_leave_with_their_tenant() from public;
create constraint trigger leaves_namespaces after delete on memberships deferrable initially deferred
  for each row execute function members_leave_with_their_tenant();

-- ---------------------------------------------------------------- transfers

create table namespace_transfers (
  id uuid primary key,
  namespace text not null references namespaces,
  from_tenant uuid not null references tenants,
  to_tenant uuid not null references tenants check (to_tenant <> from_tenant),
  from_slug text not null,  -- neither side may look the other up
  to_slug text not null,
  state text not null check (state in ('offered', 'accepted', 'withdrawn', 'declined', 'expired')),
  offered_by uuid,
  offered_at timestamptz not null,
  expires_at timestamptz not null,
  ended_by uuid,
  ended_at timestamptz,
  told_at timestamptz,  -- when the audit log of the former owner was told
  check ((state = 'offered') = (ended_at is null))
);
create unique index on namespace_transfers (namespace) where state = 'offered';
create index on namespace_transfers (from_tenant, offered_at desc);
create index on namespace_transfers (to_tenant, offered_at desc);
call aei_isolate('namespace_transfers',
  'from_tenant = aei_tenant() or to_tenant = aei_tenant() or aei_staff()', 'false');
alter policy app_adds on namespace_transfers with check (
  state = 'offered' and from_tenant = aei_tenant()
  and exists (select from namespaces n join publishers b on b.id = n.publisher_id
              where n.name = namespace and b.tenant_id = aei_tenant()));
-- Each side ends an offer in its own way; accepting is the function's below.
alter policy app_changes on namespace_transfers
  using (state = 'offered' and (from_tenant = aei_tenant() or to_tenant = aei_tenant()))
  with check ((state in ('withdrawn', 'expired') and from_tenant = aei_tenant())
              or (state = 'declined' and to_tenant = aei_tenant()));
revoke delete, truncate on namespace_transfers from aei_app;

-- Gives a namespace with all its plugins to the publisher of the tenant that accepts. Everything of it or nothing:
-- false when the offer is not (or no longer) the caller's to accept. The row of the namespace is held first, as by
-- every publish into it, so that what is being published is handed over too, or refused.
create function catalog_hand_over(wanted uuid, taker uuid, moment timestamptz) returns boolean
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  offer public.namespace_transfers;
  giver uuid;
begin
  select * into offer from public.namespace_transfers where id = wanted and to_tenant = public.aei_tenant() for update;
  if not found or offer.state <> 'offered' or offer.expires_at <= moment then return false; end if;
  if not exists (select from public.publishers where id = taker and tenant_id = offer.to_tenant) then return false; end if;
  select b.id into giver from public.namespaces n join public.publishers b on b.id = n.publisher_id
   where n.name = offer.namespace and b.tenant_id = offer.from_tenant for update of n;
  if not found then return false; end if;

  -- What is signed stays signed: the keys come along, and sign nothing new.
  insert into public.signing_keys (id, publisher_id, tenant_id, name, public_key, created_at, created_by, revoked_at)
  select distinct k.id, taker, offer.to_tenant, k.name, k.public_key, k.created_at, null::uuid, moment
    from public.signing_keys k join public.releases r on r.signer = k.id join public.plugins p on p.id = r.plugin_id
   where k.publisher_id = giver and p.namespace = offer.namespace
  on conflict do nothing;

  update public.plugins
     set publisher_id = taker, owner_tenant = offer.to_tenant, change_sequence = nextval('public.plugin_changes')
   where namespace = offer.namespace;
  update public.namespaces set publisher_id = taker, members_only = false where name = offer.namespace;
  delete from public.namespace_members where namespace = offer.namespace;

  -- Who owned a private plugin may have it installed, and goes on seeing it as one of its audience.
  delete from public.plugin_audiences a using public.plugins p
   where p.id = a.plugin_id and p.namespace = offer.namespace and a.tenant_id = offer.to_tenant;
  insert into public.plugin_audiences (plugin_id, tenant_id, owner_tenant)
  select id, offer.from_tenant, offer.to_tenant from public.plugins
   where namespace = offer.namespace and visibility = 'private'
  on conflict do nothing;

  update public.namespace_transfers set state = 'accepted', ended_by = public.aei_actor(), ended_at = moment
   where id = offer.id;
  return true;
end $$;
revoke execute on function catalog_hand_over(uuid, uuid, timestamptz) from public;
