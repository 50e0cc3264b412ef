"""Downloading lists of urls before the phases."""
