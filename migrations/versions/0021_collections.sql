-- Curated sections of the marketplace's first page, the flags of their rotations, and how often they are
-- seen and clicked.

create table collections (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z][a-z0-9-]{0,62}$'),
  kind text not null check (kind in ('curated', 'staff_picks')),
  title text not null check (length(title) between 1 and 80),
  description text not null check (length(description) <= 500),
  state text not null check (state in ('draft', 'published', 'archived')),
  shown_from timestamptz,   -- null: from when it is published
  shown_until timestamptz,  -- null: until it is archived; the moment itself is no longer within
  rotation text check (rotation ~ '^[a-z][a-z0-9-]{0,38}$'),  -- null: shown every week
  slot smallint check (slot between 1 and 53),
  position integer not null,  -- on the page, the smallest first
  version integer not null check (version > 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (shown_from < shown_until),
  check ((rotation is null) = (slot is null)),
  check (kind <> 'staff_picks' or rotation is not null)
);
create index on collections (state, position, id);
call aei_isolate('collections', 'state = ''published'' or aei_staff()', 'aei_staff()');
-- What was once published stays, archived: its counts and its entries tell of it.
revoke delete on collections from aei_app;

-- The plugins of a collection, in its order. No key to plugins: one may be named before its first release.
create table collection_plugins (
  collection_id uuid not null references collections,
  place smallint not null check (place between 1 and 50),
  plugin_id text not null,
  primary key (collection_id, place),
  unique (collection_id, plugin_id)
);
-- That a private plugin exists is told to nobody by the collection that it stands in.
call aei_isolate('collection_plugins', $$
  aei_staff() or (exists (select from collections c where c.id = collection_id)
                  and exists (select from plugins p where p.id = plugin_id))
$$, 'aei_staff()');

-- What a collection was before its last change, which undo brings back.
create table collection_revisions (
  collection_id uuid primary key references collections,
  content jsonb not null
);
call aei_isolate('collection_revisions', 'aei_staff()');

-- Flags: for how many of a hundred tenants a group of collections rotates. Without a row it is all.
create table rotation_flags (
  name text primary key check (name ~ '^[a-z][a-z0-9-]{0,38}$'),
  percentage smallint not null check (percentage between 0 and 100),
  version integer not null check (version > 0),
  updated_at timestamptz not null
);
call aei_isolate('rotation_flags', 'aei_staff()');

-- How often a plugin was shown in a collection and opened from it, by UTC day. Nothing tells of whom.
create table collection_clicks (
  collection_id uuid not null references collections,
  plugin_id text not null,
  day date not null,
  impressions bigint not null check (impressions >= 0),
  clicks bigint not null check (clicks >= 0),
  primary key (collection_id, day, plugin_id)
);
create index on collection_clicks (day);
call aei_isolate('collection_clicks', 'aei_staff()', 'false');  -- written by a named job alone
