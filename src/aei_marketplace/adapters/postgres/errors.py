"""What can go wrong with PostgreSQL before the marketplace runs."""


class PostgresError(RuntimeError):
    """PostgreSQL cannot be used; the message says why and what to do next."""
