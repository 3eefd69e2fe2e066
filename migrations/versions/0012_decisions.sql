-- What waits for a person's decision, appeals, and reports about plugins.
select 1;
