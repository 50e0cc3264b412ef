"""What happens to a pair: a folder for each kind of work."""
