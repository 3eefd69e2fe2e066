-- Releases' whole life: channels, yanks, quarantine, the kill list, rollouts.
select 1;
