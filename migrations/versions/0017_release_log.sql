-- The public log of releases, signatures and trusted publishing.
select 1;
