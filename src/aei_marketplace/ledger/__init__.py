"""Double entry: what moved between which accounts, in which month. It knows nothing of plugins or people."""
