"""Records, tables and file formats: what a pair is made of."""
