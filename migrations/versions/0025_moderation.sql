-- What staff know when they moderate: when it is due, what speaks against a text, what it resembles.

-- While staff have something to decide about it: until when they should have. An appeal is one case, and what the
-- writer says for it.
alter table reviews add column due_at timestamptz;
alter table reviews add column appeal_case uuid references cases;
alter table reviews add column appeal_words text check (length(appeal_words) between 1 and 2000);
update reviews set due_at = waiting_since + interval '72 hours' where waiting_since is not null;
create index on reviews (due_at, id) where waiting_since is not null;
create index on reviews (waiting_since, id) where waiting_since is not null;
drop index reviews_id_idx;  -- the queue was ordered by it
create index on reviews (plugin_id, created_at);

-- Reasons to look closer; they order the queue, and decide nothing.
create table review_flags (
  review_id uuid not null references reviews,
  kind text not null check (kind in ('near_duplicate', 'burst', 'new_accounts', 'links')),
  reason text not null,
  flagged_at timestamptz not null,
  primary key (review_id, kind)
);
create index on review_flags (kind, review_id);
call aei_isolate('review_flags', 'aei_staff()');

-- Reviews whose texts are alike, in per cent of what both say.
create table review_likenesses (
  review_id uuid not null references reviews,
  other_id uuid not null references reviews,
  score smallint not null check (score between 0 and 100),
  primary key (review_id, other_id)
);
call aei_isolate('review_likenesses', 'aei_staff()');

-- What each text comes to, so that those like it are found (`reviews/rules/likeness.py`). The pending list of a
-- GIN index would be read at every search.
create table review_signatures (
  review_id uuid primary key references reviews,
  signature bytea not null check (octet_length(signature) = 256),
  bands bigint[] not null
);
create index review_signatures_bands on review_signatures using gin (bands) with (fastupdate = off);
call aei_isolate('review_signatures', 'aei_staff()');

-- Signatures that have one of these bands. Nothing is known beforehand of how rare a band is, and the usual guess has
-- the planner read the whole table in the hope of a few soon.
create function reviews_with_bands(wanted bigint[], most integer) returns setof review_signatures
language sql stable set enable_seqscan = off as $$
  select * from review_signatures where bands && wanted limit most
$$;

-- How many writers gave a version each rating, and how many reviews everybody reads; a reaction keeps it.
create table review_tallies (
  plugin_id text not null references plugins,
  version text not null,
  rating smallint not null check (rating between 1 and 5),
  writers integer not null check (writers >= 0),
  reviews integer not null check (reviews > 0),
  primary key (plugin_id, version, rating)
);
call aei_isolate('review_tallies', 'exists (select from plugins p where p.id = review_tallies.plugin_id)', 'false');
insert into review_tallies (plugin_id, version, rating, writers, reviews)
select plugin_id, version, rating, count(*) filter (where newest), count(*) from (
  select plugin_id, version, rating, review_id = first_value(review_id) over (
    partition by plugin_id, coalesce(writer_id, review_id) order by review_id desc) as newest
  from published_reviews where visible) shown
group by plugin_id, version, rating;

create index on published_reviews (plugin_id, helpful desc, review_id desc) where visible;
create index on published_reviews (plugin_id, rating desc, review_id desc) where visible;

-- How reviews stood before a decision that can still be taken back; rows go when it cannot.
create table review_undos (
  batch_id uuid not null,
  review_id uuid not null references reviews,
  decided_by uuid not null,
  decided_at timestamptz not null,
  before jsonb not null,
  published jsonb,
  settled uuid[] not null,  -- reports that the decision closed
  primary key (batch_id, review_id)
);
create index on review_undos (decided_at);
create index on review_undos (review_id);
call aei_isolate('review_undos', 'aei_staff()');

-- Takes a review off that a decision published which is taken back.
create function reviews_unpublish(review uuid) returns void
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  if not aei_staff() then
    raise exception 'only staff take a decision back' using errcode = 'insufficient_privilege';
  end if;
  delete from public.review_marks where review_id = review;
  delete from public.published_reviews where review_id = review;
end $$;
revoke execute on function reviews_unpublish(uuid) from public;

-- Links to these hosts are nobody's concern; more than so many others have a review looked at.
alter table review_policy add column most_links integer not null default 0 check (most_links between 0 and 100);
alter table review_policy add column allowed_hosts text[] not null default '{}';
