-- When the sandbox host has confirmed that it keeps no files of a purged installation.
alter table installations add column files_forgotten_at timestamptz,
  add check (files_forgotten_at is null or purged_at is not null);
create index on installations (purged_at) where purged_at is not null and files_forgotten_at is null;
