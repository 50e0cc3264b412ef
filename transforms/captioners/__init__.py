"""Captioning models and services, and the feeding of images to them."""
