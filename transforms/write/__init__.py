"""Chosen pairs -> output shards."""
