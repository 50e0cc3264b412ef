"""Captions from elsewhere, joined to the pairs of a run."""
