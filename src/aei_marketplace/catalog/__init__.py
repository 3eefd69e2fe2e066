"""The catalogue: namespaces, plugins, releases and their states, search, publishing."""
