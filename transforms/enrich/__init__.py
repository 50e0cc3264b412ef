"""The choice of pairs to caption, and their captions: kept, checked and parsed."""
