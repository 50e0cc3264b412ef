"""Shards of any origin -> findings."""
