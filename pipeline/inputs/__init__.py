"""INPUT arguments -> source shards or lists of urls."""
