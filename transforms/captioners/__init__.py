"""Captioning models and services, and how they are fed with images."""
