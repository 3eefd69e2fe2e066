-- Claims, members and proofs of publishers, and quotas.
select 1;
