-- Statements, payouts, tax profiles.
select 1;  -- placeholder: its owner writes it
