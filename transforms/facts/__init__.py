"""Captions -> facts: objects, attributes and relations."""
