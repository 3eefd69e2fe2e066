-- Refunds and disputes with their evidence.
select 1;  -- placeholder: its owner writes it
