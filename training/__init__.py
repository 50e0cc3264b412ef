"""The code that trains the models that ship with evenpair."""
