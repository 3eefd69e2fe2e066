"""What can be read out of a component without running it: its modules, its memory, what is packed into it."""
