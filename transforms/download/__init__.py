"""Lists of urls -> shards of images."""
