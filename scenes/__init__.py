"""Drawn scenes with known facts: for the demo, its captioner and experiments."""
