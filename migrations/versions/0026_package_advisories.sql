-- Advisories about packages of other people (OSV records), and which releases contain what they are about.
-- What is said about plugins themselves stands in `plugin_advisories`.

create table package_advisories (
  id text primary key check (id ~ '^[A-Za-z0-9][A-Za-z0-9:._-]{1,127}$'),
  modified timestamptz not null,
  published timestamptz,
  withdrawn timestamptz,
  aliases text[] not null,
  severity text check (severity in ('info', 'low', 'medium', 'high', 'critical')),
  score real check (score between 0 and 10),
  vectors text[] not null,
  informational text not null,
  summary text not null,
  details text not null,
  links text[] not null,
  digest bytea not null check (length(digest) = 16)  -- of all that is kept: tells whether a record has changed
);
create index package_advisories_modified on package_advisories (modified, id);
create index package_advisories_aliases on package_advisories using gin (aliases);

-- Which packages each advisory is about. `extent` is a compact JSON of ranges and versions that only
-- `aei_inspection.advisories.ranges` reads: the order of versions is no matter of SQL.
create table advised_packages (
  advisory_id text not null,  -- no foreign key: a million rows are written at once, by the import alone
  ecosystem text not null,
  normal_name text not null,
  name text not null,
  extent bytea not null,
  primary key (advisory_id, ecosystem, name)
);
create index advised_packages_name on advised_packages (ecosystem, normal_name);

-- Where advisories come from. One that none of them brings any more is gone.
create table advisory_sources (
  name text primary key check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  records integer not null check (records >= 0),
  changed integer not null check (changed >= 0),  -- by the last time
  dated timestamptz,                              -- of the newest record
  imported_at timestamptz not null,               -- when it was last brought up to date
  changed_at timestamptz not null                 -- when that last changed anything
);
create table advisory_origins (
  source text not null,
  advisory_id text not null,
  primary key (source, advisory_id)
);
create index advisory_origins_advisory on advisory_origins (advisory_id);

-- Pairs of an advisory that changed and a package inside some release, until they were looked at again.
create table advisory_changes (
  change_id uuid not null,
  advisory_id text not null,
  ecosystem text not null,
  normal_name text not null,
  primary key (change_id, advisory_id, ecosystem, normal_name)
);

-- Releases whose last scan told what is inside of them, and the packages that it named.
create table release_inventories (
  release_id uuid primary key references releases,
  components integer not null check (components >= 0),  -- those of other ecosystems among them
  at timestamptz not null
);
create table release_packages (
  release_id uuid not null references releases,
  ecosystem text not null,
  normal_name text not null,
  name text not null,
  version text not null,
  origin text not null,
  primary key (release_id, ecosystem, name, version, origin)
);
create index release_packages_name on release_packages (ecosystem, normal_name);

-- The advisories that stand against them now.
create table release_vulnerabilities (
  release_id uuid not null references releases,
  ecosystem text not null,
  normal_name text not null,
  name text not null,
  version text not null,
  origin text not null,
  advisory_id text not null,
  certain boolean not null,  -- false: whether this version is affected cannot be told
  fixed text[] not null,
  severity text,             -- as the advisory had it when this was written: another one is a change
  informational text not null,
  since timestamptz not null,
  primary key (release_id, ecosystem, name, version, origin, advisory_id)
);
create index release_vulnerabilities_advisory on release_vulnerabilities (advisory_id);

-- Advisories are for everybody, so that rows need no policy (COPY knows none); what is inside of a release is for
-- whoever sees the release. Only named jobs write.
call aei_isolate('release_inventories',
  'exists (select from releases r where r.id = release_inventories.release_id)', 'false');
call aei_isolate('release_packages', 'exists (select from releases r where r.id = release_packages.release_id)', 'false');
call aei_isolate('release_vulnerabilities',
  'exists (select from releases r where r.id = release_vulnerabilities.release_id)', 'false');
revoke insert, update, delete, truncate on package_advisories, advised_packages, advisory_sources, advisory_origins,
  advisory_changes, release_inventories, release_packages, release_vulnerabilities from aei_app;
revoke select on advisory_changes from aei_app;
