"""What every page and API route shares: problems, actors, paging, idempotency, live events."""
