"""Lists of urls -> shards of images, by img2dataset."""
