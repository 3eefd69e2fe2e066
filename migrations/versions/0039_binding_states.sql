-- Staff's word about a release stands: after each change, the state (deprecated or yanked) that its publisher does not
-- take back because staff decided it. Of changes before this column nobody knows who decided them: they bind nobody.
alter table release_states add column bound text check (bound in ('deprecated', 'yanked'));
