"""Tenants, staff, users, roles and tokens: who may act, and what they may do."""
