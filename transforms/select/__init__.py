"""Judged pairs: the caption that is written, which pairs are kept, and their output shards."""
