-- What other marketplaces block, as their lists said last: what comes later is held against it too.
create table imported_kill_lists (
  origin text primary key,             -- whose it is
  serial bigint not null check (serial > 0),
  made_at text not null,               -- as the list says it
  digest text not null check (digest ~ '^[0-9a-f]{64}$'),  -- of its text: one serial, one list
  verifying_key text not null,         -- name+id+base64
  imported_at timestamptz not null
);

-- Entries are found by what is inside a package. Plugin and version are the other marketplace's names for it, and
-- may be somebody else's here.
create table imported_kills (
  origin text not null references imported_kill_lists on delete cascade,
  position integer not null,
  package_sha256 text not null check (package_sha256 ~ '^[0-9a-f]{64}$'),
  component_sha256 text not null check (component_sha256 ~ '^[0-9a-f]{64}$'),
  plugin text not null,
  version text not null,
  reason text not null,
  primary key (origin, position)
);
create index on imported_kills (package_sha256);
create index on imported_kills (component_sha256);
revoke insert, update, delete, truncate on imported_kill_lists, imported_kills from aei_app;
