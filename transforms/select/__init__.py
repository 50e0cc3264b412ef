"""Which caption is written, which pairs are kept, and in which output shard."""
