"""The shell of every page: rendering, forms, components, static files, problem pages."""
