"""What happens to a pair: one stage, one file."""
