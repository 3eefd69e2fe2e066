"""Refunds and disputes: who asks, until when, with what evidence, and how it ends."""
