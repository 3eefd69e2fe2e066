"""Pages of installations and of the policies that they obey."""
