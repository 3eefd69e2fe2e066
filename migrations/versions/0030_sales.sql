-- Share agreements and the lines of creators' accounts.
select 1;  -- placeholder: its owner writes it
