"""AEI Marketplace: where plugins are found, installed and run safely."""
