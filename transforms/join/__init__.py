"""Joining captions from elsewhere to the pairs of a run."""
