-- Offers, purchases, entitlements, usage and caps.
select 1;  -- placeholder: its owner writes it
