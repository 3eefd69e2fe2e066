"""Curated sections of the marketplace's first page: their plugins, their weeks, their clicks."""
