-- Notices, their deliveries, and what people want to hear of.
select 1;
