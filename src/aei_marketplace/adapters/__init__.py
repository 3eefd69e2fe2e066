"""What fills the ports: PostgreSQL, the queue, objects, the sandbox host."""
