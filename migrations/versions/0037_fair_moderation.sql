-- What is kept for an undo is about a review, or about the publisher's reply to one.
alter table review_undos add column kind text not null default 'review' check (kind in ('review', 'reply'));

-- Of an erased person's reviews of a plugin only the newest counts in its rating, as while they were known to be
-- one person's: nothing else says so any more.
alter table published_reviews add column superseded boolean not null default false;

-- Whether the actor has a role in a tenant, whichever they act in: nobody learns this of others.
create function accounts_belongs(tenant uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public as $$
  select exists (select from public.memberships where user_id = public.aei_actor() and tenant_id = tenant)
$$;
revoke execute on function accounts_belongs(uuid) from public;
