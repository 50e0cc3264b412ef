"""A run: its directory, its record, what is finished, its accounts."""
