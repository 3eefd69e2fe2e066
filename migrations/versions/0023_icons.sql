-- The picture of a release, as the gate accepted it; it is content of the package, and never changes.

-- Beside README and change log: whoever sees the release sees its icon, and the same triggers keep it as it is.
alter table releases
  add column icon_kind text check (icon_kind in ('png', 'svg')),
  add column icon bytea check (octet_length(icon) between 1 and 262144),
  add check ((icon is null) = (icon_kind is null));
-- A PNG is compressed already.
alter table releases alter column icon set storage external;
