"""Encoders, the vectors of images and captions, and their similarity."""
