"""What every domain stands on: actors, works, refusals, audit entries, events, ports."""
