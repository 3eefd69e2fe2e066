-- Signed checkpoints of the audit log, its archive, and where it is streamed to.
select 1;
