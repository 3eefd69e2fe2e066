"""Decisions of the vault: names, values, how they are sealed, what a guest may ask of a model."""
