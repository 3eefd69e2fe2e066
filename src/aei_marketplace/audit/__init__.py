"""The audit log as a whole: sequencing into the tree, and searching it."""
