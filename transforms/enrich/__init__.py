"""Which pairs are captioned, and the generated captions: kept, checked and parsed."""
