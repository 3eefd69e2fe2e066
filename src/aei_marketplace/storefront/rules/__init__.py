"""The storefront's decisions: what a page says about a plugin."""
