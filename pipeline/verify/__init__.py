"""Checking shards with worker processes."""
