"""Providers of payments. Each is imported only where the operator chose it: its libraries are optional."""
