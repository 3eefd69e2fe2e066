-- What search reads: a change sequence over listings, and popularity.
select 1;
