-- Reviews: what their writers say, what everybody reads of it, and what is said about them.

-- As the writer and the staff see it: the newest words, decided or not.
create table reviews (
  id uuid primary key,
  plugin_id text not null references plugins,
  release_id uuid not null references releases,
  version text not null,
  writer_id uuid,  -- null: their account was erased
  tenant_id uuid not null references tenants,
  author text not null,
  rating smallint not null check (rating between 1 and 5),
  text text not null check (length(text) between 1 and 5000),
  state text not null check (state in ('pending', 'approved', 'rejected', 'hidden')),
  reason text,
  revision integer not null check (revision > 0),
  executions integer not null check (executions >= 0),  -- the writer's own of this version, when they wrote
  reports integer not null check (reports >= 0),  -- those that wait for a decision
  held boolean not null,  -- reports have taken it out of sight until that decision
  waiting_since timestamptz,  -- while staff have something to decide about it
  decided_by uuid,
  decided_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (writer_id, release_id)
);
create index on reviews (id) where waiting_since is not null;
create index on reviews (writer_id, id desc);
call aei_isolate('reviews', 'aei_staff() or (writer_id = aei_actor() and tenant_id = aei_tenant())');
revoke delete on reviews from aei_app;

-- What was written, in order.
create table review_revisions (
  review_id uuid not null references reviews,
  revision integer not null,
  version text not null,
  rating smallint not null,
  text text not null,
  written_at timestamptz not null,
  primary key (review_id, revision)
);
call aei_isolate('review_revisions', 'exists (select from reviews r where r.id = review_revisions.review_id)');
revoke update, delete on review_revisions from aei_app;

-- What everybody reads who sees the plugin: the newest words that were approved.
create table published_reviews (
  review_id uuid primary key references reviews,
  plugin_id text not null references plugins,
  version text not null,
  writer_id uuid,
  tenant_id uuid not null,
  author text not null,
  rating smallint not null check (rating between 1 and 5),
  text text not null,
  executions integer not null,
  helpful integer not null default 0 check (helpful >= 0),
  visible boolean not null,  -- false: hidden, or held until staff decide about reports
  published_at timestamptz not null,
  updated_at timestamptz not null
);
create index on published_reviews (plugin_id, review_id desc) where visible;
call aei_isolate('published_reviews', $$
  aei_staff() or (writer_id = aei_actor() and tenant_id = aei_tenant())
  or (visible and exists (select from plugins p where p.id = published_reviews.plugin_id))
$$, 'aei_staff() or (writer_id = aei_actor() and tenant_id = aei_tenant())');
revoke delete on published_reviews from aei_app;

-- Who found a review helpful; readers see how many.
create table review_marks (
  review_id uuid not null references published_reviews,
  user_id uuid not null,
  tenant_id uuid not null references tenants,
  marked_at timestamptz not null,
  primary key (review_id, user_id)
);
call aei_isolate('review_marks', 'user_id = aei_actor() and tenant_id = aei_tenant()');

create function reviews_count_mark() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update public.published_reviews set helpful = helpful + case tg_op when 'INSERT' then 1 else -1 end
   where review_id = case tg_op when 'DELETE' then old.review_id else new.review_id end;
  return null;
end $$;
create trigger count_mark after insert or delete on review_marks
  for each row execute function reviews_count_mark();

-- Complaints about published reviews, one of each person about each review.
create table review_reports (
  id uuid primary key,
  review_id uuid not null references reviews,
  reporter_id uuid not null,
  reporter_tenant uuid not null references tenants,
  kind text not null,
  note text not null check (length(note) <= 1000),
  outcome text check (outcome in ('upheld', 'dismissed')),
  created_at timestamptz not null,
  unique (review_id, reporter_id)
);
create index on review_reports (reporter_id, created_at desc);
call aei_isolate('review_reports',
  'aei_staff() or (reporter_id = aei_actor() and reporter_tenant = aei_tenant())');
revoke delete on review_reports from aei_app;

-- The publisher's one answer to a review.
create table review_replies (
  review_id uuid primary key references reviews,
  plugin_id text not null references plugins,
  tenant_id uuid not null references tenants,
  author text not null,
  text text not null check (length(text) between 1 and 5000),
  state text not null check (state in ('pending', 'approved', 'rejected')),
  reason text,
  decided_by uuid,
  decided_at timestamptz,
  written_at timestamptz not null
);
create index on review_replies (review_id) where state = 'pending';
call aei_isolate('review_replies', $$
  aei_staff() or tenant_id = aei_tenant() or (state = 'approved' and exists (
    select from published_reviews r where r.review_id = review_replies.review_id and r.visible))
$$, 'aei_staff() or tenant_id = aei_tenant()');
revoke delete on review_replies from aei_app;

-- How the operator moderates; without a row everything waits for staff.
create table review_policy (
  single boolean primary key default true check (single),
  trusted_after integer check (trusted_after between 1 and 1000),
  updated_at timestamptz not null
);
call aei_isolate('review_policy', 'true', 'aei_staff()');

-- The same ratings with newer versions weighing more; null: nothing was weighed yet, and each counts one.
alter table plugins add column rating_weighed_sum double precision;
alter table plugins add column rating_weight double precision;
