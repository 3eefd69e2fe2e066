"""The storefront: the pages on which plugins are found and looked at."""
