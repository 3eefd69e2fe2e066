-- Releases' whole life: the kill list.

-- The list as it was signed last, for everybody to read. There is one; its serial grows each time.
create table kill_lists (
  only_one boolean primary key default true check (only_one),
  serial bigint not null check (serial > 0),
  note text not null,           -- C2SP signed note
  verifying_key text not null,  -- name+id+base64
  signed_at timestamptz not null
);
revoke insert, update, delete, truncate on kill_lists from aei_app;

-- A release that was blocked stays on the list when it is removed for good afterwards.
create index on release_states (release_id) where state = 'blocked';
