"""Embeddings -> every figure that they allow, for a person or a program."""
