"""The models that ship with evenpair, and how to load them."""
